using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Tests.Contract;

/// <summary>The sidecar's side of one component instance: a connection of its own, and the instance's name on every call.</summary>
internal sealed class ComponentClient(string socket, string? instance) : IDisposable
{
    private const string Package = "dapr.proto.components.v1.";

    private readonly SocketChannel _channel = new(socket);

    public async Task<TResponse> CallAsync<TResponse>(string method, IMessage request, MessageParser<TResponse> parser)
        where TResponse : class, IMessage<TResponse> => await _channel.UnaryAsync(Package + method, request, parser, Options());

    /// <summary>The status of a call that is expected to be refused.</summary>
    public async Task<GrpcStatus> RefusalAsync(string method, IMessage request)
    {
        try
        {
            await _channel.UnaryAsync(Package + method, request, PingResponse.Parser, Options());
            return GrpcStatus.OK;
        }
        catch (GrpcCallException refused)
        {
            return refused.Status;
        }
    }

    public GrpcDuplexCall Open(string method, bool forever = false) =>
        _channel.Open(Package + method, forever ? Options() with { Timeout = null } : Options());

    public Task PublishAsync(string topic, string data, params (string Key, string Value)[] metadata)
    {
        var request = new PublishRequest { Topic = topic, Data = ByteString.CopyFromUtf8(data) };
        foreach (var (key, value) in metadata)
        {
            request.Metadata[key] = value;
        }

        return CallAsync("PubSub/Publish", request, PublishResponse.Parser);
    }

    public Task InitPubSubAsync(params (string Key, string Value)[] metadata) =>
        CallAsync("PubSub/Init", new PubSubInitRequest { Metadata = Metadata(metadata) }, PubSubInitResponse.Parser);

    public Task InitStateAsync(params (string Key, string Value)[] metadata) =>
        CallAsync("StateStore/Init", new InitRequest { Metadata = Metadata(metadata) }, InitResponse.Parser);

    public Task InitInputAsync(params (string Key, string Value)[] metadata) =>
        CallAsync("InputBinding/Init", new InputBindingInitRequest { Metadata = Metadata(metadata) }, InputBindingInitResponse.Parser);

    public Task InitOutputAsync(params (string Key, string Value)[] metadata) =>
        CallAsync("OutputBinding/Init", new OutputBindingInitRequest { Metadata = Metadata(metadata) }, OutputBindingInitResponse.Parser);

    public static MetadataRequest Metadata(params (string Key, string Value)[] metadata)
    {
        var request = new MetadataRequest();
        foreach (var (key, value) in metadata)
        {
            request.Properties[key] = value;
        }

        return request;
    }

    public void Dispose() => _channel.Dispose();

    private GrpcCallOptions Options() =>
        new(instance is null ? null : new Metadata { { "x-component-instance", instance } }, TimeSpan.FromSeconds(20));
}
