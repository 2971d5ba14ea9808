using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;

namespace Darq.Sidecar.HttpApi;

/// <summary>
/// POST and PUT /v1.0/state/{store}/transaction. A trap of daprd's is kept: a transaction without operations succeeds without the
/// component hearing of it, though not over gRPC.
/// </summary>
internal sealed class TransactionApi(StateTransactions transactions)
{
    public async Task TransactAsync(ApiCall call, string name)
    {
        var store = transactions.Find(name);
        using var document = await call.ReadJsonAsync();
        var query = call.Metadata();
        var operations = new List<StateOperation>();
        foreach (var operation in document.RootElement.Items("operations"))
        {
            var isUpsert = StateTransactions.IsUpsert(operation.Text("operation"));
            var item = operation.Field("request") ?? default;
            operations.Add(new(StateItems.Of(item, StateStores.OuterKey(store, item.Text("key"), named: false), query), isUpsert));
        }

        if (operations.Count > 0)
        {
            var metadata = document.RootElement.Map("metadata").With(query);
            await transactions.RunAsync(store, operations, metadata, call.Trace, call.Aborted);
        }

        await call.NoContentAsync();
    }
}
