using System.Text.Json;
using Darq.Contract;
using Darq.Grpc;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Darq.Benchmarks.Hops;

/// <summary>
/// The least that a binding can be, on the project's own gRPC server and in a process of its own: what is given to the output
/// binding, and what an answer emits, is delivered at once on the one stream there is; nothing is kept. What a chain takes with it
/// is what the sidecar, the app and the sockets between them cost anyway.
/// </summary>
internal sealed class ReferenceComponent : IDisposable
{
    public const string Argument = "reference-component";

    private readonly SemaphoreSlim _writing = new(1, 1);
    private IMessageWriter<ReadResponse>? _stream;
    private long _messages;

    /// <summary>Serves on the socket until the process is ended.</summary>
    public static async Task RunAsync(string socket)
    {
        using var component = new ReferenceComponent();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            GrpcServer.Configure(options);
            options.ListenUnixSocket(socket);
        });
        await using var app = builder.Build();
        var server = new GrpcServer([component.Input, component.Output], GrpcLimits.Default, TimeProvider.System, NullLoggerFactory.Instance);
        app.Run(server.HandleAsync);
        await app.RunAsync();
    }

    public void Dispose() => _writing.Dispose();

    private ServiceDefinition Input => new ServiceDefinition(BindingsReflection.Descriptor.Services.Single(service => service.Name == "InputBinding"))
        .Unary("Init", InputBindingInitRequest.Parser, static (_, _) => ValueTask.FromResult(new InputBindingInitResponse()))
        .Duplex<ReadRequest, ReadResponse>("Read", ReadRequest.Parser, ReadAsync)
        .Unary("Ping", PingRequest.Parser, static (_, _) => ValueTask.FromResult(new PingResponse()));

    private ServiceDefinition Output => new ServiceDefinition(BindingsReflection.Descriptor.Services.Single(service => service.Name == "OutputBinding"))
        .Unary("Init", OutputBindingInitRequest.Parser, static (_, _) => ValueTask.FromResult(new OutputBindingInitResponse()))
        .Unary("Invoke", InvokeRequest.Parser, InvokeAsync)
        .Unary("ListOperations", ListOperationsRequest.Parser, static (_, _) => ValueTask.FromResult(new ListOperationsResponse { Operations = { "create" } }))
        .Unary("Ping", PingRequest.Parser, static (_, _) => ValueTask.FromResult(new PingResponse()));

    private async Task ReadAsync(IMessageReader<ReadRequest> requests, IMessageWriter<ReadResponse> responses, ServerCall call)
    {
        _stream = responses;
        while (await requests.ReadAsync(call.Cancelled) is { } answer)
        {
            if (EmittedBy(answer.ResponseData.Memory) is { } data) await DeliverAsync(data);
        }
    }

    private async ValueTask<InvokeResponse> InvokeAsync(InvokeRequest request, ServerCall call)
    {
        using var document = JsonDocument.Parse(request.Data.Memory);
        await DeliverAsync(EventOf(document.RootElement));
        return new InvokeResponse();
    }

    private async Task DeliverAsync(ByteString data)
    {
        await _writing.WaitAsync();
        try
        {
            await _stream!.WriteAsync(new ReadResponse { MessageId = $"{++_messages}", Data = data, ContentType = "application/json" }, CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    private static ByteString? EmittedBy(ReadOnlyMemory<byte> answer)
    {
        if (answer.IsEmpty) return null;
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.TryGetProperty("emit", out var emits) ? EventOf(emits[0].GetProperty("data")) : null;
    }

    private static ByteString EventOf(JsonElement data) => ByteString.CopyFromUtf8($"{{\"data\":{data.GetRawText()}}}");
}
