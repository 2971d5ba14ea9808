using Google.Protobuf;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Grpc;

/// <summary>
/// The methods of one gRPC service and who handles them. Methods of the descriptor without a handler answer Unimplemented.
/// </summary>
internal sealed class ServiceDefinition(ServiceDescriptor descriptor)
{
    private readonly Dictionary<string, Func<Exchange, Task>> _methods = [];

    public ServiceDescriptor Descriptor { get; } = descriptor;

    /// <summary>How to run each method, by its path.</summary>
    public IReadOnlyDictionary<string, Func<Exchange, Task>> Methods => _methods;

    public ServiceDefinition Unary<TRequest, TResponse>(
        string method, MessageParser<TRequest> parser, Func<TRequest, ServerCall, ValueTask<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add(method, clientStreams: false, serverStreams: false, async exchange =>
        {
            var request = await new MessageReader<TRequest>(exchange, parser).ReadSingleAsync();
            MessageWriter<TResponse>.WriteSingle(exchange, await handler(request, exchange.Call));
        });

    public ServiceDefinition ServerStreaming<TRequest, TResponse>(
        string method, MessageParser<TRequest> parser, Func<TRequest, IMessageWriter<TResponse>, ServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add(method, clientStreams: false, serverStreams: true, async exchange =>
        {
            var request = await new MessageReader<TRequest>(exchange, parser).ReadSingleAsync();
            await exchange.StreamAsync(() => handler(request, new MessageWriter<TResponse>(exchange), exchange.Call));
        });

    public ServiceDefinition ClientStreaming<TRequest, TResponse>(
        string method, MessageParser<TRequest> parser, Func<IMessageReader<TRequest>, ServerCall, ValueTask<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add(method, clientStreams: true, serverStreams: false, async exchange =>
        {
            MessageWriter<TResponse>.WriteSingle(exchange, await handler(new MessageReader<TRequest>(exchange, parser), exchange.Call));
        });

    public ServiceDefinition Duplex<TRequest, TResponse>(
        string method, MessageParser<TRequest> parser, Func<IMessageReader<TRequest>, IMessageWriter<TResponse>, ServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Add(method, clientStreams: true, serverStreams: true, exchange => exchange.StreamAsync(
            () => handler(new MessageReader<TRequest>(exchange, parser), new MessageWriter<TResponse>(exchange), exchange.Call)));

    private ServiceDefinition Add(string method, bool clientStreams, bool serverStreams, Func<Exchange, Task> run)
    {
        var found = Descriptor.FindMethodByName(method)
            ?? throw new ArgumentException($"{Descriptor.FullName} has no method '{method}'.", nameof(method));
        if (found.IsClientStreaming != clientStreams || found.IsServerStreaming != serverStreams)
            throw new ArgumentException($"{found.FullName} streams otherwise than its handler.", nameof(method));
        _methods.Add($"/{Descriptor.FullName}/{method}", run);
        return this;
    }
}
