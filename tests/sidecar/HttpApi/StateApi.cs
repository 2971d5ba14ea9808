using System.Buffers;
using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.HttpApi;

/// <summary>/v1.0/state/{store}: save, get, delete and bulk get.</summary>
internal sealed class StateApi(ComponentRegistry components, string appId)
{
    public async Task SaveAsync(ApiCall call, string name)
    {
        if (await FindAsync(call, name) is not { } store)
        {
            return;
        }

        try
        {
            var body = await call.ReadBodyAsync() ?? throw new GoJsonException("stream too large");
            using var document = GoJson.Parse(body, decoder: true);
            if (document.RootElement.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
            {
                throw new GoJsonException(GoTypes.CannotUnmarshal(document.RootElement, "[]state.SetRequest"));
            }

            var (items, error) = Read(store, document.RootElement, call.Metadata());
            if (error is null && items.Count > 0)
            {
                await store.SetAsync(items, call.Aborted);
            }

            await (error is null ? call.NoContentAsync() : call.ErrorAsync(error));
        }
        catch (GoJsonException fault)
        {
            await call.ErrorAsync(StateErrors.Malformed(fault.Message));
        }
        catch (NilValueException)
        {
            await call.ErrorAsync(StateErrors.Save(name, new(500, StateErrors.NilValue)));
        }
        catch (GrpcCallException fault)
        {
            await call.ErrorAsync(StateErrors.Save(name, StateFailure.Of(fault.Status, etags: true)));
        }
    }

    public async Task GetAsync(ApiCall call, string name, string key)
    {
        if (await FindAsync(call, name) is not { } store || !await AcceptsAsync(call, store, key))
        {
            return;
        }

        var request = new GetRequest { Key = store.Keys.Outer(key), Consistency = StateItems.Consistency(call.Query("consistency") ?? "") };
        foreach (var (field, value) in call.Metadata())
        {
            request.Metadata[field] = value;
        }

        try
        {
            var answer = await store.GetAsync(request, call.Aborted);
            await (answer.Data.IsEmpty ? call.NoContentAsync() : FoundAsync(call, answer));
        }
        catch (GrpcCallException fault)
        {
            await call.ErrorAsync(StateErrors.Get(name, key, StateFailure.Of(fault.Status, etags: false)));
        }
    }

    public async Task DeleteAsync(ApiCall call, string name, string key)
    {
        if (await FindAsync(call, name) is not { } store || !await AcceptsAsync(call, store, key))
        {
            return;
        }

        var request = new DeleteRequest
        {
            Key = store.Keys.Outer(key),
            Options = StateItems.Options(call.Query("concurrency") ?? "", call.Query("consistency") ?? ""),
        };
        if (call.Header("if-match") is { } etag)
        {
            request.Etag = new() { Value = etag };
        }

        foreach (var (field, value) in call.Metadata())
        {
            request.Metadata[field] = value;
        }

        try
        {
            await store.DeleteAsync(request, call.Aborted);
            await call.NoContentAsync();
        }
        catch (GrpcCallException fault)
        {
            await call.ErrorAsync(StateErrors.Delete(key, StateFailure.Of(fault.Status, etags: true)));
        }
    }

    public async Task BulkGetAsync(ApiCall call, string name)
    {
        if (await FindAsync(call, name) is not { } store)
        {
            return;
        }

        try
        {
            var body = await call.ReadBodyAsync() ?? throw new GoJsonException("stream too large");
            using var document = GoJson.Parse(body, decoder: true);
            var (request, error) = ReadBulk(store, document.RootElement, call.Metadata());
            if (error is not null)
            {
                await call.ErrorAsync(error);
                return;
            }
            var items = request.Items.Count == 0 ? new() : await store.BulkGetAsync(request, call.Aborted);
            await call.JsonAsync(200, Rows(store, items));
        }
        catch (GoJsonException fault)
        {
            await call.ErrorAsync(StateErrors.Malformed("failed deserializing HTTP body: " + fault.Message));
        }
        catch (GrpcCallException fault)
        {
            await call.ErrorAsync(StateErrors.BulkGet(StateFailure.Of(fault.Status, etags: false)));
        }
    }

    /// <summary>The store, or null after the error was answered.</summary>
    private async ValueTask<StateComponent?> FindAsync(ApiCall call, string name)
    {
        if (components.Stores.TryGetValue(name, out var store))
        {
            return store;
        }

        await call.ErrorAsync(components.Stores.Count == 0 ? StateErrors.NotConfigured(appId) : StateErrors.NotFound(name, appId));
        return null;
    }

    private static async ValueTask<bool> AcceptsAsync(ApiCall call, StateComponent store, string key)
    {
        if (KeyPrefix.Accepts(key))
        {
            return true;
        }

        await call.ErrorAsync(StateErrors.IllegalKey(store.Name, key));
        return false;
    }

    private static (List<SetRequest> Items, ApiError? Error) Read(
        StateComponent store,
        JsonElement root,
        Dictionary<string, string> metadata
    )
    {
        var items = new List<SetRequest>();
        if (root.ValueKind == JsonValueKind.Null)
        {
            return (items, null);
        }

        foreach (var item in root.EnumerateArray())
        {
            var key = item.Text("key");
            if (key.Length == 0)
            {
                return (items, StateErrors.Malformed("\"key\" is a required field"));
            }

            if (!KeyPrefix.Accepts(key))
            {
                return (items, StateErrors.IllegalKey(store.Name, key));
            }

            items.Add(StateItems.Set(item, store.Keys, metadata));
        }
        return (items, null);
    }

    private static (BulkGetRequest Request, ApiError? Error) ReadBulk(
        StateComponent store,
        JsonElement root,
        Dictionary<string, string> metadata
    )
    {
        var request = new BulkGetRequest { Options = new() };
        if (root.Field("parallelism") is { ValueKind: JsonValueKind.Number } parallelism)
        {
            request.Options.Parallelism = parallelism.GetInt64();
        }

        var own = root.Map("metadata");
        foreach (var (key, value) in metadata)
        {
            own[key] = value;
        }

        foreach (var key in root.Items("keys"))
        {
            if (key.ValueKind != JsonValueKind.String)
            {
                throw new GoJsonException(GoTypes.CannotUnmarshalField(key, "BulkGetRequest.keys", "string"));
            }

            if (!KeyPrefix.Accepts(key.GetString()!))
            {
                return (request, StateErrors.IllegalKey(store.Name, key.GetString()!));
            }

            var item = new GetRequest { Key = store.Keys.Outer(key.GetString()!) };
            item.Metadata.Add(own);
            request.Items.Add(item);
        }
        return (request, null);
    }

    private static Task FoundAsync(ApiCall call, GetResponse answer)
    {
        if (answer.Etag is { } etag)
        {
            call.SetHeader("etag", etag.Value);
        }

        foreach (var (field, value) in answer.Metadata)
        {
            call.SetHeader("metadata." + field, value);
        }

        return call.JsonAsync(200, answer.Data.Memory);
    }

    // Data that is no JSON leaves nothing of the whole answer: Go's encoder fails after the status has been sent.
    private static ReadOnlyMemory<byte> Rows(StateComponent store, BulkGetResponse answer)
    {
        var output = new ArrayBufferWriter<byte>(256);
        try
        {
            var separator = "["u8;
            foreach (var item in answer.Items)
            {
                output.Write(separator);
                WriteRow(output, store, item);
                separator = ","u8;
            }
            output.Write(answer.Items.Count == 0 ? "[]\n"u8 : "]\n"u8);
            return output.WrittenMemory;
        }
        catch (GoJsonException)
        {
            return default;
        }
    }

    private static void WriteRow(ArrayBufferWriter<byte> output, StateComponent store, BulkStateItem item)
    {
        output.Write("{\"key\":"u8);
        GoJson.WriteString(output, KeyPrefix.Inner(item.Key));
        if (!item.Data.IsEmpty)
        {
            output.Write(",\"data\":"u8);
            GoJson.WriteCompact(output, item.Data.Memory);
        }
        if (item.Etag is { } etag)
        {
            output.Write(",\"etag\":"u8);
            GoJson.WriteString(output, etag.Value);
        }
        if (item.Metadata.Count > 0)
        {
            output.Write(",\"metadata\":"u8);
            output.Write(System.Text.Encoding.UTF8.GetBytes(GoJson.Map(item.Metadata)));
        }
        if (item.Error.Length > 0)
        {
            output.Write(",\"error\":"u8);
            GoJson.WriteString(output, item.Error);
        }
        output.Write("}"u8);
    }
}
