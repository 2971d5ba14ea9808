using Darq.Grpc;
using Darq.Grpc.Contract.V1Alpha;
using Microsoft.AspNetCore.Http;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Tests.Contract.Recordings;

/// <summary>Reflection that writes down what is asked and lists only what the scenario serves; the component's own does neither.</summary>
internal sealed class ScriptedReflection
{
    private const string Path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
    private readonly ServiceDescriptor[] _services;
    private readonly Transcript _transcript;
    private readonly Func<Exchange, Task> _serve;

    public ScriptedReflection(ServiceDescriptor[] services, Transcript transcript)
    {
        (_services, _transcript) = (services, transcript);
        _serve = new ServiceDefinition(ReflectionReflection.Descriptor.Services[0])
            .Duplex<ServerReflectionRequest, ServerReflectionResponse>("ServerReflectionInfo", ServerReflectionRequest.Parser, AnswerAsync)
            .Methods[Path];
    }

    public static bool IsAskedBy(HttpContext context) => context.Request.Path == Path;

    public async Task ServeAsync(HttpContext context)
    {
        using var exchange = new Exchange(context, timeout: null, GrpcLimits.Default, TimeProvider.System);
        await _serve(exchange);
        exchange.Finish(StatusCode.Ok, null);
    }

    private async Task AnswerAsync(IMessageReader<ServerReflectionRequest> requests, IMessageWriter<ServerReflectionResponse> responses, ServerCall call)
    {
        while (await requests.ReadAsync(call.Cancelled) is { } request)
        {
            _transcript.Say("sidecar", "component", "reflection.v1alpha", ("message", MessageJson.Of(request)));
            var list = new ListServiceResponse();
            list.Service.Add(_services.Select(service => new ServiceResponse { Name = service.FullName }));
            await responses.WriteAsync(new() { OriginalRequest = request, ListServicesResponse = list }, call.Cancelled);
        }
    }
}
