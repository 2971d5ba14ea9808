using Grpc.Core;
using Grpc.Reflection.V1Alpha;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Tests.Contract.Recordings;

/// <summary>Reflection that writes down what is asked and lists only what the scenario serves; the component's own does neither.</summary>
internal sealed class ScriptedReflection(ServiceDescriptor[] services, Say say) : ServerReflection.ServerReflectionBase
{
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream,
        IServerStreamWriter<ServerReflectionResponse> responseStream,
        ServerCallContext context
    )
    {
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            var request = requestStream.Current;
            say("reflection.v1alpha", ("message", MessageJson.Of(request)));
            var list = new ListServiceResponse();
            list.Service.Add(services.Select(service => new ServiceResponse { Name = service.FullName }));
            await responseStream.WriteAsync(new() { OriginalRequest = request, ListServicesResponse = list }, context.CancellationToken);
        }
    }
}
