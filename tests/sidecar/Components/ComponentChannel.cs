using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Sidecar.Components;

/// <summary>
/// The connection of one component instance and kind. Every call carries the instance's name; a call made from inside a delivery carries
/// the delivering instance's name in front of it, as daprd's does.
/// </summary>
internal sealed class ComponentChannel(string socketPath, string instance) : IDisposable
{
    private const string InstanceKey = "x-component-instance";
    private readonly SocketChannel _channel = new(socketPath);
    private readonly Metadata _metadata = new() { { InstanceKey, instance } };

    public Task<T> CallAsync<T>(
        string method,
        IMessage request,
        MessageParser<T> parser,
        CancellationToken cancellation,
        string? deliveredBy = null,
        TimeSpan? timeout = null,
        string? traceParent = null
    )
        where T : class, IMessage<T>
    {
        var options = new GrpcCallOptions(MetadataOf(deliveredBy, traceParent), timeout, cancellation);
        return _channel.UnaryAsync(FullName(method), request, parser, options);
    }

    public GrpcDuplexCall Open(string method, CancellationToken cancellation) =>
        _channel.Open(FullName(method), new(_metadata, Cancellation: cancellation));

    public void Dispose() => _channel.Dispose();

    private Metadata MetadataOf(string? deliveredBy, string? traceParent)
    {
        if (deliveredBy is null && traceParent is null)
        {
            return _metadata;
        }

        var metadata = new Metadata();
        if (deliveredBy is not null)
        {
            metadata.Add(InstanceKey, deliveredBy);
        }

        metadata.Add(InstanceKey, instance);
        if (traceParent is not null)
        {
            metadata.Add("traceparent", traceParent);
        }

        return metadata;
    }

    private static string FullName(string method) => "dapr.proto.components.v1." + method;
}
