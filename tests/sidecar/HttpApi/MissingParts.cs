using Darq.Sidecar.Operations;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.HttpApi;

/// <summary>
/// What daprd answers for the parts of its API that are not there: nothing is configured for them, and no other app can be found.
/// </summary>
internal static class MissingParts
{
    private static readonly ApiError Placement = new(
        400,
        GrpcCode.Internal,
        "ERR_ACTOR_NO_PLACEMENT",
        "placement service is not configured"
    );

    /// <summary>Null for a path that is of none of these parts.</summary>
    public static ApiError? ErrorOf(string[] segments) =>
        segments switch
        {
            ["v1.0", "actors" or "workflows", _, ..] => Placement,
            ["v1.0", "secrets", _, ..] => NotConfigured("ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured"),
            ["v1.0", "configuration", _, ..] => NotConfigured(
                "ERR_CONFIGURATION_STORE_NOT_CONFIGURED",
                "configuration stores not configured"
            ),
            ["v1.0-alpha1", "lock" or "unlock", _] => NotConfigured("ERR_LOCK_STORE_NOT_CONFIGURED", "lock store is not configured"),
            ["v1.0", "invoke", var app, "method", ..] => new(
                500,
                GrpcCode.Internal,
                "ERR_DIRECT_INVOKE",
                $"failed to invoke, id: {app}, err: couldn't find service: {app}"
            ),
            _ => null,
        };

    private static ApiError NotConfigured(string code, string text) => new(500, GrpcCode.FailedPrecondition, code, text);
}
