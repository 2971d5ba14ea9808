namespace Darq.Sidecar.Operations;

/// <summary>What the two APIs are faces of.</summary>
internal sealed record ApiOperations(
    EventPublisher Publisher,
    StateStores Stores,
    StateTransactions Transactions,
    BindingInvoker Bindings,
    SidecarMetadata Metadata,
    Action Shutdown
);
