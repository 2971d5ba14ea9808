using Darq.Protos;
using Darq.Sidecar.Resources;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Components;

/// <summary>One initialised state store. Keys are the component's: the API puts prefixes on and takes them off.</summary>
internal sealed class StateComponent(ComponentManifest manifest, ComponentChannel channel, KeyPrefix keys) : IDisposable
{
    private static readonly TimeSpan LimitTimeout = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _asking = new(1, 1);
    private long? _maxOperations;

    public string Name => manifest.Name;

    public KeyPrefix Keys => keys;

    public OutboxSettings? Outbox { get; } = OutboxSettings.Of(manifest);

    public IReadOnlyList<string> Features { get; private set; } = [];

    public bool IsTransactional => Features.Contains("TRANSACTIONAL");

    /// <summary>What /v1.0/metadata shows: a store with etags and transactions could serve actors.</summary>
    public IEnumerable<string> Capabilities => IsTransactional && Features.Contains("ETAG") ? Features.Append("ACTOR") : Features;

    public async Task InitAsync(CancellationToken cancellation)
    {
        var request = new InitRequest { Metadata = new() };
        request.Metadata.Properties.Add(manifest.Properties());
        await channel.CallAsync("StateStore/Init", request, InitResponse.Parser, cancellation);
        Features = (await channel.CallAsync("StateStore/Features", new FeaturesRequest(), FeaturesResponse.Parser, cancellation)).Features;
    }

    public Task<GetResponse> GetAsync(GetRequest request, CancellationToken cancellation, string? deliveredBy = null) =>
        channel.CallAsync("StateStore/Get", request, GetResponse.Parser, cancellation, deliveredBy);

    public Task<BulkGetResponse> BulkGetAsync(BulkGetRequest request, CancellationToken cancellation) =>
        channel.CallAsync("StateStore/BulkGet", request, BulkGetResponse.Parser, cancellation);

    /// <summary>One item is a Set, several are a BulkSet.</summary>
    public Task SetAsync(IReadOnlyList<SetRequest> items, CancellationToken cancellation)
    {
        if (items.Count == 1)
        {
            return channel.CallAsync("StateStore/Set", items[0], SetResponse.Parser, cancellation);
        }

        var request = new BulkSetRequest { Options = new() };
        request.Items.Add(items);
        return channel.CallAsync("StateStore/BulkSet", request, BulkSetResponse.Parser, cancellation);
    }

    public Task DeleteAsync(DeleteRequest request, CancellationToken cancellation, string? deliveredBy = null) =>
        channel.CallAsync("StateStore/Delete", request, DeleteResponse.Parser, cancellation, deliveredBy);

    /// <summary>One item is a Delete, several or none are a BulkDelete.</summary>
    public Task DeleteAsync(IReadOnlyList<DeleteRequest> items, CancellationToken cancellation)
    {
        if (items.Count == 1)
        {
            return DeleteAsync(items[0], cancellation);
        }

        var request = new BulkDeleteRequest { Options = new() };
        request.Items.Add(items);
        return channel.CallAsync("StateStore/BulkDelete", request, BulkDeleteResponse.Parser, cancellation);
    }

    public Task<QueryResponse> QueryAsync(QueryRequest request, CancellationToken cancellation) =>
        channel.CallAsync("QueriableStateStore/Query", request, QueryResponse.Parser, cancellation);

    public Task TransactAsync(TransactionalStateRequest request, CancellationToken cancellation) =>
        channel.CallAsync("TransactionalStateStore/Transact", request, TransactionalStateResponse.Parser, cancellation);

    /// <summary>
    /// The largest transaction the store takes, asked once; not positive means no limit, and so does a store that cannot say.
    /// </summary>
    public async ValueTask<long> MaxOperationsAsync(CancellationToken cancellation)
    {
        if (_maxOperations is { } known)
        {
            return known;
        }

        await _asking.WaitAsync(cancellation);
        try
        {
            return _maxOperations ??= await AskAsync();
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Dispose()
    {
        channel.Dispose();
        _asking.Dispose();
    }

    private async Task<long> AskAsync()
    {
        try
        {
            return (
                await channel.CallAsync(
                    "TransactionalStoreMultiMaxSize/MultiMaxSize",
                    new MultiMaxSizeRequest(),
                    MultiMaxSizeResponse.Parser,
                    CancellationToken.None,
                    timeout: LimitTimeout
                )
            ).MaxSize;
        }
        catch (GrpcCallException)
        {
            return -1;
        }
    }
}
