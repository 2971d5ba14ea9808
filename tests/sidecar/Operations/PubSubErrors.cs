using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Operations;

/// <summary>The errors of the publish API, word for word.</summary>
internal static class PubSubErrors
{
    public static ApiError NotFound(string pubSub) =>
        new(
            404,
            GrpcCode.InvalidArgument,
            "ERR_PUBSUB_NOT_FOUND",
            $"pubsub {pubSub} is not found",
            ErrorDetail.Info("DAPR_PUBSUB_NOT_FOUND", [])
        );

    public static ApiError NameEmpty() =>
        Of(404, GrpcCode.InvalidArgument, "ERR_PUBSUB_EMPTY", "", "pubsub name is empty", "DAPR_PUBSUB_NAME_EMPTY", []);

    public static ApiError TopicEmpty(string pubSub) =>
        Of(
            404,
            GrpcCode.InvalidArgument,
            "ERR_TOPIC_NAME_EMPTY",
            pubSub,
            $"topic is empty in pubsub {pubSub}",
            "DAPR_PUBSUB_TOPIC_NAME_EMPTY",
            []
        );

    public static ApiError NotABoolean(string pubSub, string value) =>
        Of(
            400,
            GrpcCode.InvalidArgument,
            "ERR_PUBSUB_REQUEST_METADATA",
            pubSub,
            $"failed deserializing metadata. Error: rawPayload value must be a valid boolean: actual is '{value}'",
            "DAPR_PUBSUB_METADATA_DESERIALIZATION",
            new() { ["rawPayload"] = value }
        );

    public static ApiError NoCloudEvent(string pubSub, string appId, string reason) =>
        Of(
            500,
            GrpcCode.InvalidArgument,
            "ERR_PUBSUB_CLOUD_EVENTS_SER",
            pubSub,
            "cannot create cloudevent",
            "DAPR_PUBSUB_CLOUD_EVENT_CREATION",
            new() { ["appID"] = appId, ["error"] = reason }
        );

    public static ApiError Forbidden(string pubSub, string topic, string appId)
    {
        var text = $"topic {topic} is not allowed for app id {appId}";
        return Of(
            403,
            GrpcCode.PermissionDenied,
            "ERR_PUBSUB_FORBIDDEN",
            pubSub,
            text,
            "DAPR_PUBSUB_FORBIDDEN",
            new() { ["error"] = text, ["topic"] = topic }
        );
    }

    public static ApiError Failed(string pubSub, string topic, string reason) =>
        Of(
            500,
            GrpcCode.Internal,
            "ERR_PUBSUB_PUBLISH_MESSAGE",
            pubSub,
            FailureText(pubSub, topic, reason),
            "DAPR_PUBSUB_PUBLISH_MESSAGE",
            new() { ["error"] = reason, ["topic"] = topic }
        );

    public static ApiError EntriesUnreadable(string pubSub, string topic, string appId, string reason) =>
        Of(
            400,
            GrpcCode.InvalidArgument,
            "ERR_PUBSUB_EVENTS_SER",
            pubSub,
            $"error when unmarshaling the request for topic {topic} pubsub {pubSub}: {reason}",
            "DAPR_PUBSUB_UNMARSHAL_EVENTS",
            new() { ["appID"] = appId }
        );

    public static ApiError EntryMismatch(string pubSub, string topic, string appId)
    {
        const string Reason = "error: mismatch between contentType and event";
        return Of(
            400,
            GrpcCode.InvalidArgument,
            "ERR_PUBSUB_EVENTS_SER",
            pubSub,
            $"error when marshalling cloud event envelope for topic {topic} pubsub {pubSub}: {Reason}",
            "DAPR_PUBSUB_MARSHAL_ENVELOPE",
            new() { ["appID"] = appId, ["error"] = Reason }
        );
    }

    public static ApiError EntryIdInvalid(string pubSub, string topic, string appId)
    {
        const string Reason = "entryId is duplicated or not present for entry";
        return Of(
            400,
            GrpcCode.InvalidArgument,
            "ERR_PUBSUB_EVENTS_SER",
            pubSub,
            $"error marshaling events to bytes for topic {topic} pubsub {pubSub}. error: {Reason}",
            "DAPR_PUBSUB_MARSHAL_EVENTS",
            new() { ["appID"] = appId, ["error"] = Reason }
        );
    }

    public static string FailureText(string pubSub, string topic, string reason) =>
        $"error when publishing to topic {topic} in pubsub {pubSub}: {reason}";

    public static ApiError Outbox(string appId, string reason) =>
        new(
            500,
            GrpcCode.Internal,
            "ERR_PUBLISH_OUTBOX",
            $"error while publishing outbox message: {reason}",
            ErrorDetail.Info("DAPR_PUBSUB_OUTBOX", new() { ["appID"] = appId, ["error"] = reason })
        );

    private static ApiError Of(
        int status,
        GrpcCode grpcCode,
        string code,
        string pubSub,
        string text,
        string reason,
        Dictionary<string, string> metadata
    ) => new(status, grpcCode, code, text, ErrorDetail.Resource("pubsub", pubSub, text), ErrorDetail.Info(reason, metadata));
}
