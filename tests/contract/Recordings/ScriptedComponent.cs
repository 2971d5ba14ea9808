using System.Text.Json.Nodes;
using Darq.Contract;
using Darq.Grpc;
using Darq.Grpc.Contract;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Tests.Contract.Recordings;

/// <summary>
/// The component of a scenario, on the project's own gRPC server: writes down every call, answers by the rules or with an empty message,
/// and sends on its streams what the driver pushes. Messages travel as Empty with unknown fields, so that one handler serves every
/// method and bytes that are no valid message can be sent too.
/// </summary>
internal sealed class ScriptedComponent : IAsyncDisposable
{
    private const string Prefix = "dapr.proto.components.v1.";

    private static readonly ServiceDescriptor[] Known =
        [.. new[] { PubsubReflection.Descriptor, StateReflection.Descriptor, BindingsReflection.Descriptor }.SelectMany(file => file.Services)
            .Where(service => service.Name != "QueriableStateStore")];

    private readonly string _socket;
    private readonly Transcript _transcript;
    private readonly AnswerRules _rules;
    private readonly ScriptedStreams _streams;
    private readonly ScriptedReflection _reflection;
    private readonly GrpcServer _grpc;
    private readonly ScriptedServer _server;

    public ScriptedComponent(string socket, Scenario scenario, Transcript transcript)
    {
        (_socket, _transcript) = (socket, transcript);
        _rules = new(scenario.ComponentRules);
        _streams = new(transcript);
        var served = Known.Where(service => scenario.Services?.Contains(service.Name) ?? true).ToArray();
        _reflection = new(served, transcript);
        var limits = new GrpcLimits { ReceiveMaxBytes = int.MaxValue, SendMaxBytes = int.MaxValue };
        _grpc = new([.. served.Select(Define)], limits, TimeProvider.System, NullLoggerFactory.Instance);
        _server = new(Listen, context => ScriptedReflection.IsAskedBy(context) ? _reflection.ServeAsync(context) : _grpc.HandleAsync(context));
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

    public async ValueTask DisposeAsync() => await StopAsync();

    private void Listen(KestrelServerOptions options)
    {
        GrpcServer.Configure(options);
        options.ListenUnixSocket(_socket, endpoint => endpoint.Protocols = HttpProtocols.Http2);
    }

    private ServiceDefinition Define(ServiceDescriptor service)
    {
        var definition = new ServiceDefinition(service);
        foreach (var method in service.Methods)
        {
            if (method.IsClientStreaming)
                definition.Duplex(method.Name, Empty.Parser, (IMessageReader<Empty> reader, IMessageWriter<Empty> writer, ServerCall call) => StreamAsync(method, reader, writer, call));
            else
                definition.Unary(method.Name, Empty.Parser, (Empty request, ServerCall call) => AnswerAsync(method, request, call));
        }
        return definition;
    }

    private async ValueTask<Empty> AnswerAsync(MethodDescriptor method, Empty request, ServerCall call)
    {
        var name = NameOf(method);
        var message = MessageJson.Of(method.InputType.Parser.ParseFrom(request.ToByteString()));
        _transcript.Say("sidecar", "component", name, ("headers", HeadersOf(call)), ("message", message));
        var content = (JsonObject)message.DeepClone();
        content["instance"] = HeadersOf(call)["x-component-instance"]?.DeepClone();
        var rule = _rules.Find(name, content);
        await Task.Delay(AnswerRules.DelayOf(rule));
        if (rule?["error"] is JsonObject error)
            throw ErrorOf(error);
        return ScriptedStreams.Unparsed(MessageJson.Parse(method.OutputType, rule?["reply"] as JsonObject).ToByteString());
    }

    private async Task StreamAsync(MethodDescriptor method, IMessageReader<Empty> reader, IMessageWriter<Empty> writer, ServerCall call)
    {
        var headers = HeadersOf(call);
        var rule = _rules.Find(NameOf(method), new() { ["instance"] = headers["x-component-instance"]?.DeepClone() });
        await _streams.ServeAsync(new(NameOf(method), method, headers, AnswerRules.DelayOf(rule), (rule?["error"] as JsonObject) is { } error ? ErrorOf(error) : null), reader, writer, call);
    }

    private static string NameOf(MethodDescriptor method) => $"{method.Service.FullName[Prefix.Length..]}/{method.Name}";

    private static JsonObject HeadersOf(ServerCall call) => RecordedHeaders.OfCall(
        new[] { "x-component-instance", "traceparent", "grpc-trace-bin" }
            .Select(name => KeyValuePair.Create(name, string.Join(", ", call.RequestHeaders.All(name))))
            .Where(header => header.Value.Length > 0));

    private static RpcException ErrorOf(JsonObject error) =>
        new((StatusCode)(int)error["code"]!, (string)error["message"]!, [.. (error["details"] as JsonArray ?? []).Select(detail => DetailOf(detail!.AsObject()))]);

    private static IMessage DetailOf(JsonObject detail)
    {
        var type = (string)detail["type"]! == "BadRequest" ? BadRequest.Descriptor : ErrorInfo.Descriptor;
        return MessageJson.Parse(type, detail["value"]!.AsObject());
    }
}
