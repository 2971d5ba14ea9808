using System.Security.Cryptography;
using System.Text;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.HttpApi;

/// <summary>
/// Finds the handler of a call by its method and path; whatever is unknown would be an invocation of another app, which fails.
/// </summary>
internal sealed class ApiRouter(
    PublishApi publish,
    BulkPublishApi bulk,
    StateApi state,
    TransactionApi transactions,
    BindingApi bindings,
    AdminApi admin,
    string? token
)
{
    private static readonly ApiError Unknown = new(
        404,
        GrpcCode.NotFound,
        "ERR_DIRECT_INVOKE",
        "failed getting app id either from the URL path or the header dapr-app-id"
    );
    private readonly byte[]? _token = token is { Length: > 0 } ? Encoding.UTF8.GetBytes(token) : null;

    public async Task ServeAsync(ApiCall call)
    {
        if (call.Segments is ["v1.0", "healthz", ..])
        {
            await (Health(call) ?? call.ErrorAsync(Unknown));
            return;
        }
        call.StartSpan();
        if (IsForeign(call))
        {
            call.SetHeader("x-content-type-options", "nosniff");
            await call.AnswerAsync(401, "text/plain; charset=utf-8", "invalid api token\n"u8.ToArray());
            return;
        }
        try
        {
            await (Route(call) ?? call.ErrorAsync(MissingParts.ErrorOf(call.Segments) ?? Unknown));
        }
        catch (ApiException fault)
        {
            await call.ErrorAsync(fault.Error);
        }
        catch (GoJsonException fault)
        {
            await call.ErrorAsync(StateErrors.Malformed("failed deserializing HTTP body: " + fault.Message));
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            SidecarLog.Error($"{call.Method} {call.Path} failed: {fault}");
            await call.ErrorAsync(new(500, GrpcCode.Internal, "ERR_INTERNAL", fault.Message));
        }
    }

    private bool IsForeign(ApiCall call) =>
        _token is not null && !CryptographicOperations.FixedTimeEquals(_token, Encoding.UTF8.GetBytes(call.Header("dapr-api-token") ?? ""));

    private Task? Health(ApiCall call) =>
        (call.Method, call.Segments) switch
        {
            ("GET", ["v1.0", "healthz"]) => admin.HealthAsync(call),
            ("GET", ["v1.0", "healthz", "outbound"]) => admin.OutboundHealthAsync(call),
            _ => null,
        };

    private Task? Route(ApiCall call) =>
        call.Segments switch
        {
            ["v1.0" or "v1.0-alpha1", "publish", "bulk", var pubSub, _, ..] when call.IsWrite => bulk.PublishAsync(
                call,
                pubSub,
                Rest(call, 4)
            ),
            ["v1.0", "publish", var pubSub, _, ..] when call.IsWrite => publish.PublishAsync(call, pubSub, Rest(call, 3)),
            ["v1.0", "state", var store] when call.IsWrite => state.SaveAsync(call, store),
            ["v1.0", "state", var store, "bulk"] when call.IsWrite => state.BulkGetAsync(call, store),
            ["v1.0", "state", var store, "transaction"] when call.IsWrite => transactions.TransactAsync(call, store),
            ["v1.0", "state", var store, var key] when call.Method == "GET" => state.GetAsync(call, store, key),
            ["v1.0", "state", var store, var key] when call.Method == "DELETE" => state.DeleteAsync(call, store, key),
            ["v1.0-alpha1", "state", var store, "query"] when call.IsWrite => state.QueryAsync(call, store),
            ["v1.0", "bindings", var binding] when call.IsWrite => bindings.InvokeAsync(call, binding),
            ["v1.0", "metadata"] when call.Method == "GET" => admin.MetadataAsync(call),
            ["v1.0", "metadata", var key] when call.Method == "PUT" => admin.SetMetadataAsync(call, key),
            ["v1.0", "shutdown"] when call.Method == "POST" => admin.ShutdownAsync(call),
            _ => null,
        };

    private static string Rest(ApiCall call, int from) => string.Join('/', call.Segments[from..]);
}
