using System.Collections.Concurrent;
using Darq.Grpc;
using Darq.Grpc.Contract;
using Darq.Tests.Contract.Grpc.Messages;
using Google.Protobuf;

namespace Darq.Tests.Contract.Grpc.Server;

/// <summary>
/// The handlers of <c>conformance.proto</c>, written as a component would write them.
/// </summary>
internal sealed class ConformanceService
{
    public const string Secret = "the-password-in-an-exception";
    public const int FloodBytes = 64 * 1024;
    private const int CrossLead = 500;

    private readonly ConcurrentDictionary<string, ObservedCalls> _observed = new();
    private readonly ConcurrentDictionary<string, Meeting> _meetings = new();

    public ConformanceService() => Definition = new ServiceDefinition(ConformanceReflection.Descriptor.Services[0])
        .Unary<Message, Message>("Echo", Message.Parser, (request, _) => ValueTask.FromResult(request))
        .Unary<ProduceRequest, Message>("Produce", ProduceRequest.Parser, (request, _) => ValueTask.FromResult(OfSize(request.Bytes)))
        .ServerStreaming<ExpandRequest, Message>("Expand", ExpandRequest.Parser, ExpandAsync)
        .ClientStreaming<Message, Summary>("Collect", Message.Parser, CollectAsync)
        .Duplex<Message, Message>("Converse", Message.Parser, ConverseAsync)
        .Duplex<Message, Message>("Cross", Message.Parser, CrossAsync)
        .ServerStreaming<Keyed, Message>("Flood", Keyed.Parser, FloodAsync)
        .Unary<MeetRequest, Summary>("Meet", MeetRequest.Parser, MeetAsync)
        .Unary<Keyed, Message>("Wait", Keyed.Parser, WaitAsync)
        .Duplex<Message, Message>("Silence", Message.Parser, (_, _, call) => Task.Delay(Timeout.Infinite, call.Cancelled))
        .Unary<HeadersRequest, HeadersResponse>("Headers", HeadersRequest.Parser, (request, call) => ValueTask.FromResult(MirroredHeaders.Of(request, call)))
        .Unary<FailRequest, Message>("Fail", FailRequest.Parser, (request, _) => throw FaultOf(request))
        .Duplex<FailRequest, Message>("FailLater", FailRequest.Parser, FailLaterAsync)
        .Unary<Keyed, Message>("Throw", Keyed.Parser, (_, _) => throw new InvalidOperationException(Secret))
        .Unary<Keyed, Observation>("Observe", Keyed.Parser, (request, _) => ValueTask.FromResult(Observe(request.Key)))
        .Unary<SetHealthRequest, Message>("SetHealth", SetHealthRequest.Parser, SetHealthAsync);

    public ServiceDefinition Definition { get; }

    public ConformanceServer? Server { get; set; }

    public ObservedCalls Calls(string key) => _observed.GetOrAdd(key, _ => new ObservedCalls());

    private static async Task ExpandAsync(ExpandRequest request, IMessageWriter<Message> responses, ServerCall call)
    {
        call.ResponseHeaders.Add("expanding", request.Count.ToString());
        var payload = ByteString.CopyFrom(new byte[request.Bytes]);
        for (var number = 0; number < request.Count; number++)
            await responses.WriteAsync(new Message { Number = number, Payload = payload }, call.Cancelled);
        call.ResponseTrailers.Add("expanded", request.Count.ToString());
    }

    private static async ValueTask<Summary> CollectAsync(IMessageReader<Message> requests, ServerCall call)
    {
        var summary = new Summary();
        while (await requests.ReadAsync(call.Cancelled) is { } message)
        {
            summary.Messages++;
            summary.Bytes += message.Payload.Length;
        }

        return summary;
    }

    private static async Task ConverseAsync(IMessageReader<Message> requests, IMessageWriter<Message> responses, ServerCall call)
    {
        var count = 0;
        while (await requests.ReadAsync(call.Cancelled) is { } message)
        {
            count++;
            await responses.WriteAsync(message, call.Cancelled);
        }

        for (var number = 0; number < count; number++)
            await responses.WriteAsync(new Message { Number = number, Text = "after the half-close" }, call.Cancelled);
    }

    private static async Task CrossAsync(IMessageReader<Message> requests, IMessageWriter<Message> responses, ServerCall call)
    {
        var first = await requests.ReadAsync(call.Cancelled) ?? throw new RpcException(StatusCode.InvalidArgument, "The first message says how many.");
        using var lead = new SemaphoreSlim(CrossLead);
        var sending = SendAsync();
        long received = 0;
        while (await requests.ReadAsync(call.Cancelled) is { } message)
        {
            if (message.Number != received++)
                throw new RpcException(StatusCode.DataLoss, $"Expected {received - 1}, received {message.Number}.");
            lead.Release();
        }

        await sending;
        if (received != first.Number)
            throw new RpcException(StatusCode.DataLoss, $"Received {received} of {first.Number}.");

        async Task SendAsync()
        {
            for (long number = 0; number < first.Number; number++)
            {
                await lead.WaitAsync(call.Cancelled);
                await responses.WriteAsync(new Message { Number = number }, call.Cancelled);
            }
        }
    }

    private async Task FloodAsync(Keyed request, IMessageWriter<Message> responses, ServerCall call)
    {
        var observed = Calls(request.Key);
        observed.Start(call);
        var payload = ByteString.CopyFrom(new byte[FloodBytes]);
        for (var number = 0; ; number++)
        {
            await responses.WriteAsync(new Message { Number = number, Payload = payload }, call.Cancelled);
            observed.Accept(FloodBytes);
        }
    }

    private async ValueTask<Summary> MeetAsync(MeetRequest request, ServerCall call)
    {
        var meeting = _meetings.GetOrAdd(request.Key, _ => new Meeting(request.Calls));
        return new Summary { Messages = await meeting.JoinAsync().WaitAsync(call.Cancelled) };
    }

    private async ValueTask<Message> WaitAsync(Keyed request, ServerCall call)
    {
        Calls(request.Key).Start(call);
        await Task.Delay(Timeout.Infinite, call.Cancelled);
        return new Message();
    }

    private static async Task FailLaterAsync(IMessageReader<FailRequest> requests, IMessageWriter<Message> responses, ServerCall call)
    {
        var request = await requests.ReadAsync(call.Cancelled) ?? throw new RpcException(StatusCode.InvalidArgument, "Nothing to fail with.");
        for (var number = 0; number < request.AfterMessages; number++)
            await responses.WriteAsync(new Message { Number = number }, call.Cancelled);
        throw FaultOf(request);
    }

    private static RpcException FaultOf(FailRequest request)
    {
        if (!request.Details)
            return new RpcException((StatusCode)request.Code, request.Message);
        var violation = new BadRequest.Types.FieldViolation { Field = "etag", Description = "possible etag mismatch" };
        var info = new ErrorInfo { Reason = "TESTED", Domain = "darq", Metadata = { ["k"] = "v" } };
        return new RpcException((StatusCode)request.Code, request.Message, new BadRequest { FieldViolations = { violation } }, info);
    }

    private Observation Observe(string key)
    {
        var observation = Calls(key).Observe();
        observation.OpenCalls = Server!.Grpc.OpenCalls;
        observation.ConnectionsAccepted = Server.ConnectionsAccepted;
        return observation;
    }

    private ValueTask<Message> SetHealthAsync(SetHealthRequest request, ServerCall call)
    {
        Server!.Grpc.Health.Set(request.Service, request.Serving);
        return ValueTask.FromResult(new Message());
    }

    /// <summary>A message whose encoding has exactly so many bytes; asked only for sizes whose length prefix has four bytes.</summary>
    private static Message OfSize(int bytes)
    {
        const int tagAndLengthBytes = 5;
        return new Message { Payload = ByteString.CopyFrom(new byte[bytes - tagAndLengthBytes]) };
    }
}
