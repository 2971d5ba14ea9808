using System.Text.Json;
using Darq.Component.Components;
using Darq.Component.Host;
using Darq.Protos;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Darq.Benchmarks.Hops;

/// <summary>
/// The least that a binding can be, served as the component serves and in a process of its own: what is given to the output
/// binding, and what an answer emits, is delivered at once on the one stream there is; nothing is kept. What a chain takes with it
/// is what the sidecar, the app and the sockets between them cost anyway.
/// </summary>
internal sealed class ReferenceComponent : IDisposable
{
    public const string Argument = "reference-component";

    private readonly SemaphoreSlim _writing = new(1, 1);
    private IServerStreamWriter<ReadResponse>? _stream;
    private long _messages;

    /// <summary>Serves on the socket until the process is ended.</summary>
    public static async Task RunAsync(string socket)
    {
        using var component = new ReferenceComponent();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(options =>
            {
                GrpcEndpoints.Configure(options);
                options.ListenUnixSocket(socket);
            });
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<DeliveryDrain>().AddGrpcEndpoints();
        await using var app = builder.Build();
        app.MapGrpcEndpoints([new Input(component).Served, new Output(component).Served]);
        await app.RunAsync();
    }

    public void Dispose() => _writing.Dispose();

    private async Task DeliverAsync(ByteString data)
    {
        await _writing.WaitAsync();
        try
        {
            await _stream!.WriteAsync(
                new ReadResponse
                {
                    MessageId = $"{++_messages}",
                    Data = data,
                    ContentType = "application/json",
                },
                CancellationToken.None
            );
        }
        finally
        {
            _writing.Release();
        }
    }

    private static ByteString? EmittedBy(ReadOnlyMemory<byte> answer)
    {
        if (answer.IsEmpty)
        {
            return null;
        }

        using var document = JsonDocument.Parse(answer);
        return document.RootElement.TryGetProperty("emit", out var emits) ? EventOf(emits[0].GetProperty("data")) : null;
    }

    private static ByteString EventOf(JsonElement data) => ByteString.CopyFromUtf8($"{{\"data\":{data.GetRawText()}}}");

    private sealed class Input(ReferenceComponent component) : InputBinding.InputBindingBase
    {
        public ServedService Served => new(InputBinding.Descriptor, binder => InputBinding.BindService(binder, this));

        public override Task<InputBindingInitResponse> Init(InputBindingInitRequest request, ServerCallContext context) =>
            Task.FromResult(new InputBindingInitResponse());

        public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

        public override async Task Read(
            IAsyncStreamReader<ReadRequest> requestStream,
            IServerStreamWriter<ReadResponse> responseStream,
            ServerCallContext context
        )
        {
            component._stream = responseStream;
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                if (EmittedBy(requestStream.Current.ResponseData.Memory) is { } data)
                {
                    await component.DeliverAsync(data);
                }
            }
        }
    }

    private sealed class Output(ReferenceComponent component) : OutputBinding.OutputBindingBase
    {
        public ServedService Served => new(OutputBinding.Descriptor, binder => OutputBinding.BindService(binder, this));

        public override Task<OutputBindingInitResponse> Init(OutputBindingInitRequest request, ServerCallContext context) =>
            Task.FromResult(new OutputBindingInitResponse());

        public override Task<ListOperationsResponse> ListOperations(ListOperationsRequest request, ServerCallContext context) =>
            Task.FromResult(new ListOperationsResponse { Operations = { "create" } });

        public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

        public override async Task<InvokeResponse> Invoke(InvokeRequest request, ServerCallContext context)
        {
            using var document = JsonDocument.Parse(request.Data.Memory);
            await component.DeliverAsync(EventOf(document.RootElement));
            return new InvokeResponse();
        }
    }
}
