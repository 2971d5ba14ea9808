using Darq.Component.Dapr;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Component.Host;

/// <summary>
/// Binds the methods of one service. Each runs inside the one <see cref="FaultInterceptor"/>, instead of one per call. A request that
/// is not a valid message ends as Internal; the library would answer Unknown. Deliveries encode themselves, so the method that sends
/// them has another response type than the generated one.
/// </summary>
internal sealed class ServiceBinder(FaultInterceptor faults, Delegate? deliver) : ServiceBinderBase
{
    private static readonly Marshaller<DeliveryMessage> Deliveries = new(Serialize, Refuse);

    private readonly ServerServiceDefinition.Builder _methods = ServerServiceDefinition.CreateBuilder();

    public static ServerServiceDefinition Bind(ServedService service, FaultInterceptor faults)
    {
        var binder = new ServiceBinder(faults, service.Deliver);
        service.Bind(binder);
        return binder._methods.Build();
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        UnaryServerMethod<TRequest, TResponse>? handler
    ) =>
        _methods.AddMethod(Checked(method, method.ResponseMarshaller), (request, call) =>
            faults.UnaryServerHandler(request, call, handler!)
        );

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ServerStreamingServerMethod<TRequest, TResponse>? handler
    ) =>
        _methods.AddMethod(Checked(method, method.ResponseMarshaller), (request, responses, call) =>
            faults.ServerStreamingServerHandler(request, responses, call, handler!)
        );

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ClientStreamingServerMethod<TRequest, TResponse>? handler
    ) =>
        _methods.AddMethod(Checked(method, method.ResponseMarshaller), (requests, call) =>
            faults.ClientStreamingServerHandler(requests, call, handler!)
        );

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        DuplexStreamingServerMethod<TRequest, TResponse>? handler
    )
    {
        if (deliver is DuplexStreamingServerMethod<TRequest, DeliveryMessage> delivering)
        {
            AddDuplex(Checked(method, Deliveries), delivering);
        }
        else
        {
            AddDuplex(Checked(method, method.ResponseMarshaller), handler!);
        }
    }

    private void AddDuplex<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        DuplexStreamingServerMethod<TRequest, TResponse> handler
    )
        where TRequest : class
        where TResponse : class =>
        _methods.AddMethod(method, (requests, responses, call) => faults.DuplexStreamingServerHandler(requests, responses, call, handler));

    private static Method<TRequest, TSent> Checked<TRequest, TResponse, TSent>(Method<TRequest, TResponse> method, Marshaller<TSent> sent)
        where TRequest : class
        where TResponse : class
    {
        var requests = method.RequestMarshaller;
        return new(method.Type, method.ServiceName, method.Name, new Marshaller<TRequest>(requests.ContextualSerializer, Parse), sent);

        TRequest Parse(DeserializationContext context)
        {
            try
            {
                return requests.ContextualDeserializer(context);
            }
            catch (InvalidProtocolBufferException)
            {
                throw Faults.Of(StatusCode.Internal, $"A message of the request is not a valid {typeof(TRequest).Name}.");
            }
        }
    }

    private static void Serialize(DeliveryMessage message, SerializationContext context)
    {
        context.SetPayloadLength(message.CalculateSize());
        message.WriteTo(context.GetBufferWriter());
        context.Complete();
    }

    private static DeliveryMessage Refuse(DeserializationContext context) => throw new NotSupportedException("Deliveries are only sent.");
}
