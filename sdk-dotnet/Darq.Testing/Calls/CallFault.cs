using Darq.Component.Host;
using Darq.Engine.Core;
using Grpc.Core;

namespace Darq.Testing.Calls;

/// <summary>The engine's errors in the words that a sidecar makes of them, so that DaprClient throws what it would throw.</summary>
internal static class CallFault
{
    /// <summary>Of a state transaction.</summary>
    public static RpcException OfTransaction(DarqException fault) => Internal("error while executing state transaction: " + TextOf(fault));

    public static RpcException OfPublish(string pubSub, string topic, DarqException fault) =>
        Internal($"error when publishing to topic {topic} in pubsub {pubSub}: {TextOf(fault)}");

    public static RpcException OfBinding(string name, string why) => Internal($"error invoking output binding {name}: {why}");

    public static RpcException OfBinding(string name, DarqException fault) => OfBinding(name, TextOf(fault));

    /// <summary>Of a single read.</summary>
    public static RpcException OfGet(string store, string key, DarqException fault) =>
        Internal($"fail to get {key} from state store {store}: {TextOf(fault)}");

    /// <summary>Of a write that has an etag; what was done is one of the sidecar's own phrases.</summary>
    public static RpcException OfWrite(string done, DarqException fault) =>
        fault.Code switch
        {
            ErrorCode.Conflict => Of(StatusCode.Aborted, $"{done}: possible etag mismatch. error from state store: {fault.Message}"),
            ErrorCode.InvalidEtag => Of(StatusCode.InvalidArgument, $"{done}: invalid etag value: {fault.Message}"),
            _ => Internal($"{done}: {TextOf(fault)}"),
        };

    /// <summary>Of a key that the sidecar could not tell from one with its own prefix.</summary>
    public static RpcException OfKey(string key) =>
        Of(
            StatusCode.InvalidArgument,
            key.Length == 0 ? "state key cannot be empty" : $"input key/keyPrefix '{key}' can't contain '{StateItems.Separator}'"
        );

    public static RpcException Of(StatusCode code, string text) => new(new Status(code, text));

    private static RpcException Internal(string text) => Of(StatusCode.Internal, text);

    private static string TextOf(DarqException fault) => $"rpc error: code = {FaultCodes.Of(fault.Code)} desc = {fault.Message}";
}
