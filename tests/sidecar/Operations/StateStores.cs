using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Operations;

/// <summary>The operations on state but for transactions. Everything throws <see cref="ApiException"/>.</summary>
internal sealed class StateStores(ComponentRegistry components, string appId)
{
    public StateComponent Find(string name) =>
        components.Stores.TryGetValue(name, out var store)
            ? store
            : throw new ApiException(components.Stores.Count == 0 ? StateErrors.NotConfigured(appId) : StateErrors.NotFound(name, appId));

    /// <summary>The key as the component has it; an HTTP transaction's error does not name the one it refuses.</summary>
    public static string OuterKey(StateComponent store, string key, bool named = true) =>
        KeyPrefix.Accepts(key) ? store.Keys.Outer(key) : throw new ApiException(StateErrors.IllegalKey(store.Name, key, named));

    /// <summary>Writes the items; without any the component is not asked.</summary>
    public static async Task SaveAsync(StateComponent store, IReadOnlyList<StateItem> items, CancellationToken cancellation)
    {
        if (items.Count == 0)
        {
            return;
        }

        try
        {
            await store.SetAsync([.. items.Select(item => item.ToSet())], cancellation);
        }
        catch (NilValueException fault)
        {
            throw new ApiException(StateErrors.Save(store.Name, StateFailure.OfSidecar(fault.Message)));
        }
        catch (GrpcCallException fault)
        {
            throw new ApiException(StateErrors.Save(store.Name, StateFailure.Of(fault.Status, etags: true)));
        }
    }

    public static async Task<GetResponse> GetAsync(
        StateComponent store,
        string key,
        StateOptions.Types.StateConsistency consistency,
        IEnumerable<KeyValuePair<string, string>> metadata,
        CancellationToken cancellation
    )
    {
        var request = new GetRequest { Key = OuterKey(store, key), Consistency = consistency };
        request.Metadata.Set(metadata);
        try
        {
            return await store.GetAsync(request, cancellation);
        }
        catch (GrpcCallException fault)
        {
            throw new ApiException(StateErrors.Get(store.Name, key, StateFailure.Of(fault.Status, etags: false)));
        }
    }

    public static async Task DeleteAsync(StateComponent store, string key, StateItem item, CancellationToken cancellation)
    {
        try
        {
            await store.DeleteAsync(item.ToDelete(), cancellation);
        }
        catch (GrpcCallException fault)
        {
            throw new ApiException(StateErrors.Delete(key, StateFailure.Of(fault.Status, etags: true)));
        }
    }

    /// <summary>Deletes the items; unlike a write, this asks the component also when there are none.</summary>
    public static async Task DeleteAsync(StateComponent store, IReadOnlyList<StateItem> items, CancellationToken cancellation)
    {
        try
        {
            await store.DeleteAsync([.. items.Select(item => item.ToDelete())], cancellation);
        }
        catch (GrpcCallException fault)
        {
            throw new ApiException(StateErrors.BulkDelete(store.Name, StateFailure.OfBulkDelete(fault.Status)));
        }
    }

    /// <summary>What the component answered, in its order; without keys it is not asked.</summary>
    public static async Task<IReadOnlyList<BulkStateItem>> GetAsync(
        StateComponent store,
        IReadOnlyList<string> keys,
        long parallelism,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellation
    )
    {
        if (keys.Count == 0)
        {
            return [];
        }

        var request = new BulkGetRequest { Options = new() { Parallelism = parallelism } };
        foreach (var key in keys)
        {
            var item = new GetRequest { Key = OuterKey(store, key) };
            item.Metadata.Set(metadata);
            request.Items.Add(item);
        }

        try
        {
            return (await store.BulkGetAsync(request, cancellation)).Items;
        }
        catch (GrpcCallException fault)
        {
            throw new ApiException(StateErrors.BulkGet(StateFailure.Of(fault.Status, etags: false), fault.Status));
        }
    }

    /// <summary>Runs a query in JSON. The component sees the filter as it came; nothing keeps other apps' keys out of its answer.</summary>
    public static async Task<QueryResponse> QueryAsync(
        StateComponent store,
        ReadOnlyMemory<byte> query,
        IEnumerable<KeyValuePair<string, string>> metadata,
        CancellationToken cancellation
    )
    {
        try
        {
            var request = new QueryRequest { Query = StateQuery.Parse(query) };
            request.Metadata.Set(metadata);
            return await store.QueryAsync(request, cancellation);
        }
        catch (GoJsonException fault)
        {
            throw new ApiException(StateErrors.Query(store.Name, "failed to parse JSON query body: " + fault.Message));
        }
        catch (GrpcCallException fault)
        {
            throw new ApiException(StateErrors.Query(store.Name, fault.Message));
        }
    }
}
