using Darq.Component.Dapr;
using Grpc.Core;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Component.Host;

/// <summary>
/// A service as its clients find it by reflection, and its methods as generated code binds them. <paramref name="Deliver"/>, if it is
/// given, runs the one streaming method in place of the generated one: a <see cref="DuplexStreamingServerMethod{TRequest, TResponse}"/>
/// from the generated request to <see cref="DeliveryMessage"/>.
/// </summary>
internal sealed record ServedService(ServiceDescriptor Descriptor, Action<ServiceBinderBase> Bind, Delegate? Deliver = null);
