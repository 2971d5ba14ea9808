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
        TimeSpan? timeout = null
    )
        where T : class, IMessage<T>
    {
        var metadata = deliveredBy is null ? _metadata : new Metadata { { InstanceKey, deliveredBy }, { InstanceKey, instance } };
        return _channel.UnaryAsync(FullName(method), request, parser, new(metadata, timeout, cancellation));
    }

    public GrpcDuplexCall Open(string method, CancellationToken cancellation) =>
        _channel.Open(FullName(method), new(_metadata, Cancellation: cancellation));

    public void Dispose() => _channel.Dispose();

    private static string FullName(string method) => "dapr.proto.components.v1." + method;
}
