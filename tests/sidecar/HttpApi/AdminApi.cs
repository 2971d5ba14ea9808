using System.Text;
using Darq.Sidecar.Operations;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.HttpApi;

/// <summary>Health, metadata and shutdown.</summary>
internal sealed class AdminApi(SidecarMetadata metadata, Health health, string appId, Action shutdown)
{
    public Task HealthAsync(ApiCall call)
    {
        if (call.Query("appid") is { } asked && asked != appId)
        {
            return call.ErrorAsync(new(500, GrpcCode.Internal, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match"));
        }

        return health.IsReady
            ? call.NoContentAsync()
            : call.ErrorAsync(new(500, GrpcCode.Internal, "ERR_HEALTH_NOT_READY", "dapr is not ready: [app]"));
    }

    public Task OutboundHealthAsync(ApiCall call) =>
        health.IsOutboundReady
            ? call.NoContentAsync()
            : call.ErrorAsync(new(500, GrpcCode.Internal, "ERR_OUTBOUND_HEALTH_NOT_READY", "dapr outbound is not ready"));

    public Task MetadataAsync(ApiCall call) => call.JsonAsync(200, Encoding.UTF8.GetBytes(MetadataAnswer.Of(metadata.Describe())));

    public async Task SetMetadataAsync(ApiCall call, string key)
    {
        var body = await call.ReadBodyAsync() ?? default;
        metadata.Set(key, Encoding.UTF8.GetString(body.Span));
        await call.NoContentAsync();
    }

    public Task ShutdownAsync(ApiCall call)
    {
        shutdown();
        return call.NoContentAsync();
    }
}
