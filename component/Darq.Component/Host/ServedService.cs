using Darq.Component.Dapr;
using Grpc.Core;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Component.Host;

/// <summary>
/// A service's descriptor, for reflection, and the generated code that binds its methods. <paramref name="Deliver"/>, if
/// given, replaces the one streaming method: a <see cref="DuplexStreamingServerMethod{TRequest, TResponse}"/>
/// from the generated request to <see cref="DeliveryMessage"/>.
/// </summary>
internal sealed record ServedService(ServiceDescriptor Descriptor, Action<ServiceBinderBase> Bind, Delegate? Deliver = null);
