using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.HttpApi;

/// <summary>
/// POST and PUT /v1.0/state/{store}/transaction. Two traps of daprd's are kept: a transaction without operations succeeds without the
/// component hearing of it, and an upsert of null fails in the sidecar.
/// </summary>
internal sealed class TransactionApi(ComponentRegistry components, string appId)
{
    public async Task TransactAsync(ApiCall call, string name)
    {
        if (!components.Stores.TryGetValue(name, out var store))
        {
            await call.ErrorAsync(components.Stores.Count == 0 ? StateErrors.NotConfigured(appId) : StateErrors.NotFound(name, appId));
            return;
        }
        if (!store.IsTransactional)
        {
            await call.ErrorAsync(StateErrors.NoTransactions(name));
            return;
        }
        try
        {
            var body = await call.ReadBodyAsync() ?? throw new GoJsonException("stream too large");
            using var document = GoJson.Parse(body, decoder: true);
            await (await RunAsync(call, store, document.RootElement) is { } error ? call.ErrorAsync(error) : call.NoContentAsync());
        }
        catch (GoJsonException fault)
        {
            await call.ErrorAsync(StateErrors.Malformed("failed deserializing HTTP body: " + fault.Message));
        }
        catch (NilValueException fault)
        {
            await call.ErrorAsync(StateErrors.Transaction(fault.Message));
        }
        catch (GrpcCallException fault)
        {
            await call.ErrorAsync(StateErrors.Transaction(fault.Message));
        }
    }

    private static async Task<ApiError?> RunAsync(ApiCall call, StateComponent store, JsonElement root)
    {
        var operations = root.Items("operations").ToArray();
        if (operations.Length == 0)
        {
            return null;
        }

        if (operations.Select(operation => Check(store, operation)).FirstOrDefault(problem => problem is not null) is { } error)
        {
            return error;
        }

        if (await store.MaxOperationsAsync(call.Aborted) is > 0 and var limit && operations.Length > limit)
        {
            return StateErrors.TooManyOperations(store.Name, operations.Length, limit);
        }

        await store.TransactAsync(Request(call, store, root, operations), call.Aborted);
        return null;
    }

    private static ApiError? Check(StateComponent store, JsonElement operation)
    {
        if (operation.Text("operation") is not ("upsert" or "delete"))
        {
            return StateErrors.UnknownOperation(operation.Text("operation"));
        }

        var key = Item(operation).Text("key");
        return KeyPrefix.Accepts(key) ? null : StateErrors.IllegalKey(store.Name, key);
    }

    private static TransactionalStateRequest Request(ApiCall call, StateComponent store, JsonElement root, JsonElement[] operations)
    {
        var query = call.Metadata();
        var request = new TransactionalStateRequest();
        foreach (var operation in operations)
        {
            request.Operations.Add(
                operation.Text("operation") == "upsert"
                    ? new TransactionalStateOperation { Set = StateItems.Set(Item(operation), store.Keys, query) }
                    : new TransactionalStateOperation { Delete = StateItems.Delete(Item(operation), store.Keys, query) }
            );
        }

        foreach (var (key, value) in root.Map("metadata"))
        {
            request.Metadata[key] = value;
        }

        foreach (var (key, value) in query)
        {
            request.Metadata[key] = value;
        }

        return request;
    }

    private static JsonElement Item(JsonElement operation) => operation.Field("request") ?? default;
}
