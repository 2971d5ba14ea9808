using System.Text;
using Dapr;
using Dapr.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Darq.Sidecar;

/// <summary>
/// The sidecar by Dapr's client: the app's own, where it registered one, else one that finds the sidecar by Dapr's variables. It is looked
/// up when first needed, so that it does not matter which of AddDarq and AddDaprClient comes first.
/// </summary>
internal sealed class DaprSidecar(IServiceProvider services, IOptions<DarqOptions> options) : ISidecar, IDisposable
{
    private readonly Lazy<DaprClient> _own = new(() => new DaprClientBuilder().Build());
    private readonly Lazy<DaprClient?> _apps = new(services.GetService<DaprClient>);

    private DaprClient Client => _apps.Value ?? _own.Value;

    private DarqOptions Names => options.Value;

    // By the same word as publishes and steps: a bulk read has no other, and without it the component's own setting decides.
    private Dictionary<string, string>? ReadMetadata => Names.Ack is { } ack ? new() { [AckLevels.MetadataName] = ack.Word() } : null;

    public Task<StoredValue> ReadAsync(string key, CancellationToken cancellationToken) =>
        CancellableAsync(
            async () =>
            {
                var (data, etag) = await Client
                    .GetByteStateAndETagAsync(Names.StateStore, key, metadata: ReadMetadata, cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
                // The component gives every value an etag, so none means that there is no value.
                return string.IsNullOrEmpty(etag) ? new StoredValue(default, StoredValue.Absent) : new StoredValue(data, etag);
            },
            cancellationToken
        );

    public async Task<IReadOnlyDictionary<string, StoredValue>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        var items = await CancellableAsync(
                () => Client.GetBulkStateAsync(Names.StateStore, keys, parallelism: null, ReadMetadata, cancellationToken),
                cancellationToken
            )
            .ConfigureAwait(false);
        Dictionary<string, StoredValue> found = [];
        foreach (var item in items.Where(item => !string.IsNullOrEmpty(item.ETag)))
        {
            found[item.Key] = new StoredValue(Encoding.UTF8.GetBytes(item.Value), item.ETag);
        }

        // The client hides why a key has no value here: it may not exist, or its read may have failed. Reading it alone tells.
        string[] rest = [.. keys.Where(key => !found.ContainsKey(key))];
        var values = await Task.WhenAll(rest.Select(key => ReadAsync(key, cancellationToken))).ConfigureAwait(false);
        foreach (var (key, value) in rest.Zip(values))
        {
            found[key] = value;
        }

        return found;
    }

    public Task TransactAsync(
        IReadOnlyList<StateTransactionRequest> operations,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellationToken
    ) =>
        CancellableAsync(
            () => Client.ExecuteStateTransactionAsync(Names.StateStore, operations, metadata, cancellationToken),
            cancellationToken
        );

    public async Task<ReadOnlyMemory<byte>> InvokeBindingAsync(
        string operation,
        byte[] data,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellationToken
    )
    {
        var request = new BindingRequest(Names.Binding!, operation) { Data = data };
        foreach (var (name, value) in metadata)
        {
            request.Metadata[name] = value;
        }

        var answer = await CancellableAsync(() => Client.InvokeBindingAsync(request, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        return answer.Data;
    }

    public Task PublishAsync(
        string topic,
        ReadOnlyMemory<byte> json,
        Dictionary<string, string> metadata,
        CancellationToken cancellationToken
    ) =>
        CancellableAsync(
            () => Client.PublishByteEventAsync(Names.PubSub, topic, json, "application/json", metadata, cancellationToken),
            cancellationToken
        );

    public async Task<IReadOnlyList<(string Name, string Type)>> ComponentsAsync(CancellationToken cancellationToken)
    {
        var metadata = await CancellableAsync(() => Client.GetMetadataAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        return [.. metadata.Components.Select(component => (component.Name, component.Type))];
    }

    public void Dispose()
    {
        // The app's is the app's to dispose of: it may be used beyond these services.
        if (_own.IsValueCreated)
        {
            _own.Value.Dispose();
        }
    }

    /// <summary>Dapr's client turns a cancelled call into an exception of its own.</summary>
    private static async Task<T> CancellableAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (DaprException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <inheritdoc cref="CancellableAsync{T}"/>
    private static Task<bool> CancellableAsync(Func<Task> call, CancellationToken cancellationToken) =>
        CancellableAsync(
            async () =>
            {
                await call().ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );
}
