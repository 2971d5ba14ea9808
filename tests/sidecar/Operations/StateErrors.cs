using System.Globalization;
using Darq.Sidecar.Components;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Operations;

/// <summary>The errors of the state API, word for word.</summary>
internal static class StateErrors
{
    public static ApiError NotConfigured(string appId) =>
        new(
            500,
            GrpcCode.FailedPrecondition,
            "ERR_STATE_STORE_NOT_CONFIGURED",
            "state store is not configured",
            ErrorDetail.Info("DAPR_STATE_NOT_CONFIGURED", Pairs(("appID", appId)))
        );

    public static ApiError NotFound(string store, string appId) =>
        new(
            400,
            GrpcCode.InvalidArgument,
            "ERR_STATE_STORE_NOT_FOUND",
            $"state store {store} is not found",
            ErrorDetail.Info("DAPR_STATE_NOT_FOUND", Pairs(("appID", appId)))
        );

    public static ApiError Malformed(string text) => new(400, GrpcCode.InvalidArgument, "ERR_MALFORMED_REQUEST", text);

    public static ApiError IllegalKey(string store, string key, bool named)
    {
        var plain = $"input key/keyPrefix '{key}' can't contain '||'";
        var text = "api error: code = InvalidArgument desc = " + plain;
        return new(
            400,
            GrpcCode.InvalidArgument,
            "ERR_MALFORMED_REQUEST",
            text,
            ErrorDetail.BadField(named ? key : "", text),
            ErrorDetail.Resource("state", store, ""),
            ErrorDetail.Info("DAPR_STATE_ILLEGAL_KEY", null)
        )
        {
            GrpcMessage = plain,
        };
    }

    public static ApiError Get(string store, string key, StateFailure failure) =>
        Of(failure, "ERR_STATE_GET", $"fail to get {key} from state store {store}: {failure.Text}");

    /// <summary>The only failure that gRPC callers see as the component told it, whatever it is.</summary>
    public static ApiError BulkGet(StateFailure failure, GrpcStatus status) =>
        Of(failure, "ERR_STATE_BULK_GET", failure.Text) with
        {
            ComponentStatus = status,
        };

    public static ApiError Save(string store, StateFailure failure) =>
        Of(failure, "ERR_STATE_SAVE", $"failed saving state in state store {store}: {failure.Text}");

    public static ApiError Delete(string key, StateFailure failure) =>
        Of(failure, "ERR_STATE_DELETE", $"failed deleting state with key {key}: {failure.Text}");

    public static ApiError BulkDelete(string store, StateFailure failure) =>
        Of(failure, "ERR_STATE_BULK_DELETE", $"failed deleting state in state store {store}: {failure.Text}");

    /// <summary>An item without a key, in the words that gRPC callers get.</summary>
    public static ApiError NoKey() => new(400, GrpcCode.InvalidArgument, "ERR_STATE_SAVE", "state key cannot be empty");

    public static ApiError Query(string store, string reason) =>
        new(
            500,
            GrpcCode.Internal,
            "ERR_STATE_QUERY",
            $"state store {store} query failed: {reason}",
            ErrorDetail.Resource("state", store, ""),
            ErrorDetail.Info("DAPR_STATE_QUERY_FAILED", null)
        );

    public static ApiError Transaction(string text) =>
        new(500, GrpcCode.Internal, "ERR_STATE_TRANSACTION", "error while executing state transaction: " + text);

    public static ApiError NoTransactions(string store) =>
        new(
            500,
            GrpcCode.Unimplemented,
            "ERR_STATE_STORE_NOT_SUPPORTED",
            $"state store {store} doesn't support transactions",
            ErrorDetail.Help(
                "Check the list of state stores and the features they support",
                "https://docs.dapr.io/reference/components-reference/supported-state-stores/"
            ),
            ErrorDetail.Resource("state", store, ""),
            ErrorDetail.Info("DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED", null)
        );

    public static ApiError UnknownOperation(string operation) =>
        new(400, GrpcCode.Unimplemented, "ERR_NOT_SUPPORTED_STATE_OPERATION", $"operation type {operation} not supported");

    public static ApiError TooManyOperations(string store, int count, long limit) =>
        new(
            400,
            GrpcCode.InvalidArgument,
            "ERR_STATE_STORE_TOO_MANY_TRANSACTIONS",
            $"the transaction contains {count} operations, which is more than what the state store supports: {limit}",
            ErrorDetail.Resource("state", store, ""),
            ErrorDetail.Info(
                "DAPR_STATE_TOO_MANY_TRANSACTIONS",
                Pairs(
                    ("currentOpsTransaction", count.ToString(CultureInfo.InvariantCulture)),
                    ("maxOpsPerTransaction", limit.ToString(CultureInfo.InvariantCulture))
                )
            )
        );

    private static ApiError Of(StateFailure failure, string code, string text) =>
        new(failure.HttpStatus, failure.GrpcCode, code, text) { ComponentStatus = failure.Kit };

    private static Dictionary<string, string> Pairs(params ReadOnlySpan<(string Key, string Value)> pairs)
    {
        var map = new Dictionary<string, string>();
        foreach (var (key, value) in pairs)
        {
            map[key] = value;
        }

        return map;
    }
}
