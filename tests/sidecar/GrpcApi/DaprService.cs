using Darq.Protos.Runtime;
using Darq.Sidecar.Operations;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Darq.Sidecar.GrpcApi;

/// <summary>The service <c>dapr.proto.runtime.v1.Dapr</c>: each method turns its message into one operation and back.</summary>
internal sealed class DaprService(EventPublisher publisher) : Dapr.DaprBase
{
    private static readonly Empty Nothing = new();

    public override async Task<Empty> PublishEvent(PublishEventRequest request, ServerCallContext context)
    {
        var trace = CallTrace.Of(context);
        var metadata = new Dictionary<string, string>(request.Metadata);
        publisher.Find(request.PubsubName, request.Topic);
        if (RawPayload.Read(request.PubsubName, metadata))
        {
            // Only here does a raw payload carry the trace beside it; over HTTP it does not.
            (metadata["traceid"], metadata["tracestate"]) = (trace.Parent, trace.State);
        }

        await publisher.PublishAsync(
            new(request.PubsubName, request.Topic, request.Data.Memory, request.DataContentType, metadata)
            {
                TraceParent = trace.Parent,
                TraceState = trace.State,
            },
            context.CancellationToken
        );
        return Nothing;
    }
}
