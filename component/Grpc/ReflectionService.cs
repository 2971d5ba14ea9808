using Darq.Grpc.Contract;
using Google.Protobuf.Reflection;
using Asked = Darq.Grpc.Contract.ServerReflectionRequest.MessageRequestOneofCase;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Grpc;

/// <summary>
/// Server reflection, v1 and v1alpha: daprd finds components by the service names listed here. The versions differ only in
/// their package name, so one set of messages serves both. The response ends when the client closes its side; daprd waits
/// for that end before it starts anything.
/// </summary>
internal sealed class ReflectionService
{
    private readonly ServiceDescriptor[] _services;
    private readonly FileCatalogue _files;

    private ReflectionService(IEnumerable<ServiceDescriptor> services)
    {
        _services = [.. services.OrderBy(service => service.FullName, StringComparer.Ordinal)];
        _files = new FileCatalogue(_services);
    }

    /// <summary>The given services and reflection about all of them, itself included.</summary>
    public static IReadOnlyList<ServiceDefinition> AddTo(IReadOnlyList<ServiceDefinition> services)
    {
        ServiceDescriptor[] versions = [Contract.ReflectionReflection.Descriptor.Services[0], Contract.V1Alpha.ReflectionReflection.Descriptor.Services[0]];
        var reflection = new ReflectionService(services.Select(service => service.Descriptor).Concat(versions));
        return [.. services, .. versions.Select(reflection.Define)];
    }

    private ServiceDefinition Define(ServiceDescriptor version) => new ServiceDefinition(version)
        .Duplex<ServerReflectionRequest, ServerReflectionResponse>("ServerReflectionInfo", ServerReflectionRequest.Parser, AnswerAsync);

    private async Task AnswerAsync(
        IMessageReader<ServerReflectionRequest> requests, IMessageWriter<ServerReflectionResponse> responses, ServerCall call)
    {
        // A client keeps what it was sent on this stream, so imports shared by several files go out once.
        var sent = new HashSet<string>();
        while (await requests.ReadAsync(call.Cancelled) is { } request)
        {
            var response = Answer(request, sent);
            response.ValidHost = request.Host;
            response.OriginalRequest = request;
            await responses.WriteAsync(response, call.Cancelled);
        }
    }

    private ServerReflectionResponse Answer(ServerReflectionRequest request, HashSet<string> sent) => request.MessageRequestCase switch
    {
        Asked.ListServices => ListServices(),
        Asked.FileByFilename => Files(_files.ByName(request.FileByFilename), request.FileByFilename, sent),
        Asked.FileContainingSymbol => Files(_files.BySymbol(request.FileContainingSymbol), request.FileContainingSymbol, sent),
        Asked.AllExtensionNumbersOfType => Extensions(request.AllExtensionNumbersOfType),
        Asked.FileContainingExtension => NotFound($"an extension of {request.FileContainingExtension.ContainingType}"),
        _ => Error(StatusCode.InvalidArgument, "The request asks for nothing."),
    };

    private ServerReflectionResponse ListServices() => new()
    {
        ListServicesResponse = new ListServiceResponse
        {
            Service = { _services.Select(service => new ServiceResponse { Name = service.FullName }) },
        },
    };

    private static ServerReflectionResponse Files(FileDescriptor? file, string asked, HashSet<string> sent)
    {
        if (file is null)
            return NotFound(asked);
        var response = new FileDescriptorResponse();
        // What was asked for is always in the answer, also when it is asked for again.
        foreach (var each in FileCatalogue.WithImports(file))
        {
            if (sent.Add(each.Name) || each == file)
                response.FileDescriptorProto.Add(each.SerializedData);
        }

        return new ServerReflectionResponse { FileDescriptorResponse = response };
    }

    /// <summary>Proto3 services have no extensions, which for a type that exists is an answer and not an error.</summary>
    private ServerReflectionResponse Extensions(string type) => _files.BySymbol(type) is null
        ? NotFound(type)
        : new ServerReflectionResponse { AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = type } };

    private static ServerReflectionResponse NotFound(string asked) => Error(StatusCode.NotFound, $"{asked} is not known here.");

    private static ServerReflectionResponse Error(StatusCode code, string message) => new()
    {
        ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = message },
    };
}
