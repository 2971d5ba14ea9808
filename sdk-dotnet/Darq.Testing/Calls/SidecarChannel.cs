using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Dapr.Client;
using Darq.Testing.Apps;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Darq.Testing.Calls;

/// <summary>
/// What DaprClient takes for the connection to its sidecar: gRPC without a server, one request and one answer a call. After the process
/// behind it has died nothing is answered any more, until the test ends.
/// </summary>
internal sealed class SidecarChannel : HttpMessageHandler
{
    private const string Address = "http://sidecar";
    private const int PrefixBytes = 5;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Answers a call: its method, its message, and the delivery that the caller works on.</summary>
    public required Func<string, byte[], string?, Task<IMessage?>> Serve { get; init; }

    public DaprClient CreateClient(JsonSerializerOptions json)
    {
        var channel = new GrpcChannelOptions { HttpHandler = this, ThrowOperationCanceledOnCancellation = true };
        var builder = new DaprClientBuilder()
            .UseGrpcEndpoint(Address)
            .UseHttpEndpoint(Address)
            .UseJsonSerializationOptions(json)
            .UseGrpcChannelOptions(channel);
        AnswerHealth(builder);
        return builder.Build();
    }

    /// <summary>Lets go of those who wait for an answer that does not come.</summary>
    public void End() => _ended.TrySetResult();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (path.StartsWith("/v1.0/healthz", StringComparison.Ordinal))
        {
            return new(HttpStatusCode.NoContent);
        }

        if (!path.StartsWith("/dapr.proto.runtime.v1.Dapr/", StringComparison.Ordinal))
        {
            return Error(new(StatusCode.Unimplemented, $"the test host does not serve {path}"));
        }

        var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        var call = Serve(path[(path.LastIndexOf('/') + 1)..], body[PrefixBytes..], DeliveryContext.Current);
        await Task.WhenAny(call, _ended.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!call.IsCompleted)
        {
            _ = LetGoAsync(call);
            return Error(new(StatusCode.Unavailable, "the process has ended"));
        }

        try
        {
            var answer = await call.ConfigureAwait(false);
            return answer is null ? Error(new(StatusCode.Unimplemented, $"the test host does not serve {path}")) : Answer(request, answer);
        }
        catch (RpcException refused)
        {
            return Error(refused.Status);
        }
    }

    // It ends with an error when the host does, and nobody waits for it any more.
    private static async Task LetGoAsync(Task call) => await call.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static HttpResponseMessage Answer(HttpRequestMessage request, IMessage message)
    {
        var frame = new byte[PrefixBytes + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - PrefixBytes);
        message.WriteTo(frame.AsSpan(PrefixBytes));
        var response = Response(new ByteArrayContent(frame));
        response.RequestMessage = request;
        response.TrailingHeaders.Add("grpc-status", "0");
        return response;
    }

    private static HttpResponseMessage Error(Status status)
    {
        var response = Response(new ByteArrayContent([]));
        response.Headers.Add("grpc-status", $"{(int)status.StatusCode}");
        response.Headers.TryAddWithoutValidation("grpc-message", Percent(status.Detail));
        return response;
    }

    private static HttpResponseMessage Response(ByteArrayContent content)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return new(HttpStatusCode.OK) { Version = HttpVersion.Version20, Content = content };
    }

    private static string Percent(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            _ = octet is >= 0x20 and <= 0x7e and not (byte)'%' ? encoded.Append((char)octet) : encoded.Append($"%{octet:X2}");
        }

        return encoded.ToString();
    }

    // DaprClient asks for the sidecar's health over HTTP, with a client that only Dapr's own tests may replace. Where another version of
    // Dapr.Client has another name for it, the sidecar's health is not answered, and all else is.
    private void AnswerHealth(DaprClientBuilder builder)
    {
        try
        {
            SetHttpClientFactory(builder, () => new HttpClient(this, disposeHandler: false));
        }
        catch (MissingMethodException) { }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_HttpClientFactory")]
    private static extern void SetHttpClientFactory(DaprClientBuilder builder, Func<HttpClient> factory);
}
