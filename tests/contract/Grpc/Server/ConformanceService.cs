using System.Collections.Concurrent;
using Darq.Component.Host;
using Darq.Engine.Core;
using Darq.Tests.Contract.Grpc.Messages;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Tests.Contract.Grpc.Server;

/// <summary>
/// The handlers of <c>conformance.proto</c>, written as those of the component are.
/// </summary>
internal sealed class ConformanceService(ConformanceServer server) : Conformance.ConformanceBase
{
    public const string Secret = "the-password-in-an-exception";
    private const int FloodBytes = 64 * 1024;

    private readonly ConcurrentDictionary<string, ObservedCalls> _observed = new();
    private readonly ConcurrentDictionary<string, Meeting> _meetings = new();

    public ServedService Served => new(Conformance.Descriptor, binder => Conformance.BindService(binder, this));

    public ObservedCalls Calls(string key) => _observed.GetOrAdd(key, _ => new ObservedCalls());

    public override Task<Message> Echo(Message request, ServerCallContext context) => Task.FromResult(request);

    public override Task<Message> Produce(ProduceRequest request, ServerCallContext context) => Task.FromResult(OfSize(request.Bytes));

    public override async Task Expand(ExpandRequest request, IServerStreamWriter<Message> responseStream, ServerCallContext context)
    {
        var payload = ByteString.CopyFrom(new byte[request.Bytes]);
        for (var number = 0; number < request.Count; number++)
        {
            await responseStream.WriteAsync(new Message { Number = number, Payload = payload }, context.CancellationToken);
        }
    }

    public override async Task<Summary> Collect(IAsyncStreamReader<Message> requestStream, ServerCallContext context)
    {
        var summary = new Summary();
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            summary.Messages++;
            summary.Bytes += requestStream.Current.Payload.Length;
        }

        return summary;
    }

    public override async Task Converse(
        IAsyncStreamReader<Message> requestStream,
        IServerStreamWriter<Message> responseStream,
        ServerCallContext context
    )
    {
        var count = 0;
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            count++;
            await responseStream.WriteAsync(requestStream.Current, context.CancellationToken);
        }

        for (var number = 0; number < count; number++)
        {
            await responseStream.WriteAsync(new Message { Number = number, Text = "after the half-close" }, context.CancellationToken);
        }
    }

    public override async Task Flood(Keyed request, IServerStreamWriter<Message> responseStream, ServerCallContext context)
    {
        Calls(request.Key).Start(context);
        var payload = ByteString.CopyFrom(new byte[FloodBytes]);
        for (var number = 0; ; number++)
        {
            await responseStream.WriteAsync(new Message { Number = number, Payload = payload }, context.CancellationToken);
        }
    }

    public override async Task<Summary> Meet(MeetRequest request, ServerCallContext context)
    {
        var meeting = _meetings.GetOrAdd(request.Key, _ => new Meeting(request.Calls));
        return new Summary { Messages = await meeting.JoinAsync().WaitAsync(context.CancellationToken) };
    }

    public override async Task<Message> Wait(Keyed request, ServerCallContext context)
    {
        Calls(request.Key).Start(context);
        await Task.Delay(Timeout.Infinite, context.CancellationToken);
        return new Message();
    }

    public override Task Silence(
        IAsyncStreamReader<Message> requestStream,
        IServerStreamWriter<Message> responseStream,
        ServerCallContext context
    ) => Task.Delay(Timeout.Infinite, context.CancellationToken);

    public override Task<Message> Fail(FailRequest request, ServerCallContext context) => throw FaultOf(request);

    public override async Task FailLater(
        IAsyncStreamReader<FailRequest> requestStream,
        IServerStreamWriter<Message> responseStream,
        ServerCallContext context
    )
    {
        if (!await requestStream.MoveNext(context.CancellationToken))
        {
            throw Faults.Of(StatusCode.InvalidArgument, "Nothing to fail with.");
        }

        for (var number = 0; number < requestStream.Current.AfterMessages; number++)
        {
            await responseStream.WriteAsync(new Message { Number = number }, context.CancellationToken);
        }

        throw FaultOf(requestStream.Current);
    }

    public override Task<Message> Throw(Keyed request, ServerCallContext context) => throw new InvalidOperationException(Secret);

    public override Task<Message> Refuse(Keyed request, ServerCallContext context) =>
        throw new DarqException(ErrorCode.Misconfigured, "MISCONFIGURED: as the domain says");

    public override Task<Observation> Observe(Keyed request, ServerCallContext context)
    {
        var observation = Calls(request.Key).Observe();
        observation.OpenCalls = server.OpenCalls;
        observation.ConnectionsAccepted = server.ConnectionsAccepted;
        return Task.FromResult(observation);
    }

    public override Task<Message> SetHealth(SetHealthRequest request, ServerCallContext context)
    {
        server.Health.Set(request.Service, request.Serving);
        return Task.FromResult(new Message());
    }

    /// <summary>With details it fails as an etag that does not match, which alone has any.</summary>
    private static RpcException FaultOf(FailRequest request) =>
        request.Details
            ? Faults.ToRpc(new DarqException(ErrorCode.Conflict, request.Message), CallKind.State)
            : Faults.Of((StatusCode)request.Code, request.Message);

    /// <summary>A message whose encoding has exactly so many bytes; asked only for sizes whose length prefix has four bytes.</summary>
    private static Message OfSize(int bytes)
    {
        const int tagAndLengthBytes = 5;
        return new Message { Payload = ByteString.CopyFrom(new byte[bytes - tagAndLengthBytes]) };
    }
}
