using System.Text.Json.Nodes;
using Darq.Component.Host;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Tests.Contract.Recordings;

/// <summary>
/// The component of a scenario: writes down every call, answers by the rules or with an empty message, and sends on its streams what the
/// driver pushes. Messages travel as bytes, so that one handler serves every method and bytes that are no valid message can be sent too.
/// </summary>
internal sealed class ScriptedComponent : IAsyncDisposable
{
    private readonly string _socket;
    private readonly string? _name;
    private readonly Transcript _transcript;
    private readonly AnswerRules _rules;
    private readonly ScriptedStreams _streams;
    private readonly ServiceProvider _services;
    private readonly ScriptedServer _server;

    /// <summary>The lines of a component with a name say which one it is.</summary>
    public ScriptedComponent(string socket, ComponentScript script, Transcript transcript, string? name = null)
    {
        (_socket, _transcript, _name) = (socket, transcript, name);
        _rules = new(script.Rules);
        _streams = new(transcript);
        var served = ComponentMethods.Services.Where(service => script.Services?.Contains(service.Name) ?? true).ToArray();
        _services = ScriptedGrpc.Services();
        _server = new(Listen, Pipeline(served));
    }

    public Task StartAsync()
    {
        File.Delete(_socket);
        return _server.StartAsync();
    }

    public async Task StopAsync()
    {
        _streams.Clear();
        await _server.StopAsync();
        File.Delete(_socket);
    }

    public Task PushAsync(string stream, IEnumerable<JsonObject> messages) => _streams.PushAsync(stream, messages);

    /// <summary>Ends a stream with status OK, as a component does that has no more to say.</summary>
    public Task EndAsync(string stream) => _streams.EndAsync(stream);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
    }

    private RequestDelegate Pipeline(ServiceDescriptor[] served) =>
        ScriptedGrpc.Pipeline(
            _services,
            endpoints =>
            {
                endpoints.MapGrpcService(ServerReflection.BindService(new ScriptedReflection(served, Say)));
                foreach (var service in served)
                {
                    endpoints.MapGrpcService(Define(service));
                }
            },
            Refuse
        );

    /// <summary>Answers a call of a service that is not served, in the words of the library that the recordings were made with.</summary>
    private Task Refuse(HttpContext context)
    {
        _transcript.Say("sidecar", "component", context.Request.Path.Value!.TrimStart('/'), ("answer", "unimplemented"));
        var answer = context.Response;
        answer.ContentType = "application/grpc";
        answer.Headers["grpc-status"] = $"{(int)StatusCode.Unimplemented}";
        answer.Headers["grpc-message"] = "Method not found!";
        return Task.CompletedTask;
    }

    private void Listen(KestrelServerOptions options)
    {
        GrpcEndpoints.Configure(options);
        options.ListenUnixSocket(_socket, endpoint => endpoint.Protocols = HttpProtocols.Http2);
    }

    private ServerServiceDefinition Define(ServiceDescriptor service)
    {
        var definition = ServerServiceDefinition.CreateBuilder();
        foreach (var method in service.Methods)
        {
            if (method.IsClientStreaming)
            {
                definition.AddMethod(
                    ScriptedGrpc.Method(MethodType.DuplexStreaming, method),
                    (reader, writer, call) => StreamAsync(method, reader, writer, call)
                );
            }
            else
            {
                definition.AddMethod(ScriptedGrpc.Method(MethodType.Unary, method), (request, call) => AnswerAsync(method, request, call));
            }
        }
        return definition.Build();
    }

    private async Task<byte[]> AnswerAsync(MethodDescriptor method, byte[] request, ServerCallContext call)
    {
        var name = ComponentMethods.NameOf(method);
        var message = MessageJson.Of(method.InputType.Parser.ParseFrom(request));
        Say(name, ("headers", HeadersOf(call)), ("message", message));
        var content = (JsonObject)message.DeepClone();
        content["instance"] = HeadersOf(call)["x-component-instance"]?.DeepClone();
        var rule = _rules.Find(name, content);
        await Task.Delay(AnswerRules.DelayOf(rule));
        if (rule?["error"] is JsonObject error)
        {
            throw ErrorOf(error);
        }

        return MessageJson.Parse(method.OutputType, rule?["reply"] as JsonObject).ToByteArray();
    }

    private async Task StreamAsync(
        MethodDescriptor method,
        IAsyncStreamReader<byte[]> reader,
        IServerStreamWriter<byte[]> writer,
        ServerCallContext call
    )
    {
        await call.WriteResponseHeadersAsync(Metadata.Empty);
        var headers = HeadersOf(call);
        var rule = _rules.Find(ComponentMethods.NameOf(method), new() { ["instance"] = headers["x-component-instance"]?.DeepClone() });
        await _streams.ServeAsync(
            new(
                ComponentMethods.NameOf(method),
                method,
                headers,
                AnswerRules.DelayOf(rule),
                (rule?["error"] as JsonObject) is { } error ? ErrorOf(error) : null
            ),
            reader,
            writer,
            call
        );
    }

    private void Say(string call, params ReadOnlySpan<(string Key, JsonNode? Value)> content)
    {
        if (_name is null)
        {
            _transcript.Say("sidecar", "component", call, content);
        }
        else
        {
            _transcript.Say("sidecar", "component", call, [.. content, ("socket", _name)]);
        }
    }

    private static JsonObject HeadersOf(ServerCallContext call) =>
        RecordedHeaders.OfCall(
            new[] { "x-component-instance", "traceparent", "grpc-trace-bin" }
                .Select(name => KeyValuePair.Create(name, string.Join(", ", call.GetHttpContext().Request.Headers[name].ToArray())))
                .Where(header => header.Value.Length > 0)
        );

    private static RpcException ErrorOf(JsonObject error)
    {
        var (code, message) = ((int)error["code"]!, (string)error["message"]!);
        var details = (error["details"] as JsonArray ?? []).Select(detail => Any.Pack(DetailOf(detail!.AsObject()))).ToArray();
        return details.Length == 0
            ? Faults.Of((StatusCode)code, message)
            : new Google.Rpc.Status
            {
                Code = code,
                Message = message,
                Details = { details },
            }.ToRpcException((StatusCode)code, message);
    }

    private static IMessage DetailOf(JsonObject detail)
    {
        var type = (string)detail["type"]! switch
        {
            "BadRequest" => BadRequest.Descriptor,
            "FieldViolation" => BadRequest.Types.FieldViolation.Descriptor,
            _ => ErrorInfo.Descriptor,
        };
        return MessageJson.Parse(type, detail["value"]!.AsObject());
    }
}
