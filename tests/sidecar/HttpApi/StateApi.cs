using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;

namespace Darq.Sidecar.HttpApi;

/// <summary>/v1.0/state/{store}: save, get, delete, bulk get and query.</summary>
internal sealed class StateApi(StateStores stores)
{
    public async Task SaveAsync(ApiCall call, string name)
    {
        var store = stores.Find(name);
        try
        {
            using var document = await call.ReadJsonAsync();
            await StateStores.SaveAsync(store, Read(store, document.RootElement, call.Metadata()), call.Aborted);
            await call.NoContentAsync();
        }
        catch (GoJsonException fault)
        {
            // Other calls say before it that a body could not be read.
            throw new ApiException(StateErrors.Malformed(fault.Message));
        }
    }

    public async Task GetAsync(ApiCall call, string name, string key)
    {
        var consistency = StateItems.Consistency(call.Query("consistency") ?? "");
        var answer = await StateStores.GetAsync(stores.Find(name), key, consistency, call.Metadata(), call.Aborted);
        await (answer.Data.IsEmpty ? call.NoContentAsync() : FoundAsync(call, answer));
    }

    public async Task DeleteAsync(ApiCall call, string name, string key)
    {
        var store = stores.Find(name);
        var item = new StateItem(StateStores.OuterKey(store, key))
        {
            Etag = call.Header("if-match"),
            Options = StateItems.Options(call.Query("concurrency") ?? "", call.Query("consistency") ?? ""),
            Metadata = call.Metadata(),
        };
        await StateStores.DeleteAsync(store, key, item, call.Aborted);
        await call.NoContentAsync();
    }

    public async Task BulkGetAsync(ApiCall call, string name)
    {
        var store = stores.Find(name);
        using var document = await call.ReadJsonAsync();
        var root = document.RootElement;
        var parallelism = root.Field("parallelism") is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : 0;
        var metadata = root.Map("metadata").With(call.Metadata());
        var keys = Keys(root);
        var found = await StateStores.GetAsync(store, keys, parallelism, metadata, call.Aborted);
        if (StateAnswers.OfBulk(found, keys.Count) is not { } rows)
        {
            // Go's encoder fails after the status has been sent, and daprd leaves the answer there.
            call.RemoveHeader("traceparent");
            rows = default;
        }

        await call.JsonAsync(200, rows);
    }

    public async Task QueryAsync(ApiCall call, string name)
    {
        var store = stores.Find(name);
        var body = await call.ReadBodyAsync() ?? throw new GoJsonException("stream too large");
        var answer = await StateStores.QueryAsync(store, body, call.Metadata(), call.Aborted);
        await (answer.Items.Count == 0 ? call.NoContentAsync() : call.JsonAsync(200, StateAnswers.OfQuery(answer)));
    }

    private static List<StateItem> Read(StateComponent store, JsonElement root, Dictionary<string, string> metadata)
    {
        if (root.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        if (root.ValueKind != JsonValueKind.Array)
        {
            throw new GoJsonException(GoTypes.CannotUnmarshal(root, "[]state.SetRequest"));
        }

        var items = new List<StateItem>();
        foreach (var item in root.EnumerateArray())
        {
            var key = item.Text("key");
            if (key.Length == 0)
            {
                throw new ApiException(StateErrors.Malformed("\"key\" is a required field"));
            }

            items.Add(StateItems.Of(item, StateStores.OuterKey(store, key), metadata));
        }

        return items;
    }

    private static List<string> Keys(JsonElement root)
    {
        var keys = new List<string>();
        foreach (var key in root.Items("keys"))
        {
            keys.Add(
                key.ValueKind == JsonValueKind.String
                    ? key.GetString()!
                    : throw new GoJsonException(GoTypes.CannotUnmarshalField(key, "BulkGetRequest.keys", "string"))
            );
        }

        return keys;
    }

    private static Task FoundAsync(ApiCall call, GetResponse answer)
    {
        if (answer.Etag is { } etag)
        {
            call.SetHeader("etag", etag.Value);
        }

        call.SetMetadata(answer.Metadata);
        return call.JsonAsync(200, answer.Data.Memory);
    }
}
