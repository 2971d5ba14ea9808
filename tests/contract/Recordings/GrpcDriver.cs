using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Darq.Protos.Runtime;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;

namespace Darq.Tests.Contract.Recordings;

/// <summary>The driver's calls of the sidecar's gRPC API, each on a connection of its own, and what came of them.</summary>
internal sealed partial class GrpcDriver(int port, Transcript transcript)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    public async Task CallAsync(string name, JsonObject message, JsonObject metadata)
    {
        transcript.Say("driver", "sidecar", name, ("message", message.DeepClone()));
        var method = MethodOf(name);
        using var channel = Open();
        try
        {
            using var call = channel
                .CreateCallInvoker()
                .AsyncUnaryCall(
                    new Method<byte[], byte[]>(MethodType.Unary, method.Service.FullName, name, Bytes, Bytes),
                    null,
                    new(HeadersOf(metadata), DateTime.UtcNow + CallTimeout),
                    MessageJson.Parse(method.InputType, message).ToByteArray()
                );
            var answer = method.OutputType.Parser.ParseFrom(await call.ResponseAsync);
            transcript.Say("sidecar", "driver", name, ("message", MessageJson.Of(answer)));
        }
        catch (RpcException fault)
        {
            transcript.Say("sidecar", "driver", name, ("error", ErrorOf(fault)));
        }
    }

    /// <summary>A connection that says of itself what the driver did that made the recordings.</summary>
    public GrpcChannel Open() =>
        GrpcChannel.ForAddress(
            $"http://127.0.0.1:{port}",
            new()
            {
                DisposeHttpClient = true,
                HttpHandler = new AsRecorded(new SocketsHttpHandler { ActivityHeadersPropagator = null, UseProxy = false }),
            }
        );

    public static MethodDescriptor MethodOf(string name) => DaprReflection.Descriptor.Services[0].FindMethodByName(name);

    public static Metadata HeadersOf(JsonObject metadata)
    {
        var headers = new Metadata();
        foreach (var (key, value) in metadata)
        {
            headers.Add(key, (string)value!);
        }

        return headers;
    }

    /// <summary>A status as the recordings have it; of its details only the types.</summary>
    public static JsonObject ErrorOf(RpcException fault)
    {
        var error = new JsonObject { ["code"] = CodeName(fault.StatusCode), ["message"] = fault.Status.Detail };
        if (fault.GetRpcStatus() is { Details.Count: > 0 } status)
        {
            error["details"] = new JsonArray([.. status.Details.Select(detail => (JsonNode)detail.TypeUrl.Split('/')[^1])]);
        }

        return error;
    }

    private static string CodeName(StatusCode code) => WordStart().Replace($"{code}", "_$0").ToUpperInvariant();

    [GeneratedRegex("(?<=[a-z])[A-Z]")]
    private static partial Regex WordStart();

    private sealed class AsRecorded(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            foreach (var (name, value) in new[] { ("user-agent", "<user-agent>"), ("grpc-accept-encoding", "identity, deflate, gzip") })
            {
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, value);
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
