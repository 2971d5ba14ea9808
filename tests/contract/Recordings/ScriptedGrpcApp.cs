using System.Net;
using System.Text.Json.Nodes;
using Darq.Component.Host;
using Darq.Protos.Runtime;
using Darq.Tests.Shared;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Darq.Tests.Contract.Recordings;

/// <summary>An app on gRPC: without a rule it answers an empty message.</summary>
internal sealed class ScriptedGrpcApp : IScriptedApp
{
    private readonly AnswerRules _rules;
    private readonly Transcript _transcript;
    private readonly ServiceProvider _services = ScriptedGrpc.Services();
    private readonly ScriptedServer _server;

    public ScriptedGrpcApp(IEnumerable<JsonObject> rules, Transcript transcript)
    {
        (_rules, _transcript) = (new(rules), transcript);
        _server = new(Listen, ScriptedGrpc.Pipeline(_services, endpoints => endpoints.MapGrpcService(Define())));
    }

    public int Port { get; } = FreePort.Next();

    public Task StartAsync() => _server.StartAsync();

    public Task StopAsync() => _server.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _services.DisposeAsync();
    }

    private void Listen(KestrelServerOptions options)
    {
        GrpcEndpoints.Configure(options);
        options.Listen(IPAddress.Loopback, Port, endpoint => endpoint.Protocols = HttpProtocols.Http2);
    }

    private ServerServiceDefinition Define()
    {
        var definition = ServerServiceDefinition.CreateBuilder();
        foreach (var method in CallbackReflection.Descriptor.FindTypeByName<ServiceDescriptor>("AppCallback").Methods)
        {
            definition.AddMethod(ScriptedGrpc.Method(MethodType.Unary, method), (request, call) => AnswerAsync(method, request, call));
        }

        return definition.Build();
    }

    private async Task<byte[]> AnswerAsync(MethodDescriptor method, byte[] request, ServerCallContext call)
    {
        var message = MessageJson.Of(method.InputType.Parser.ParseFrom(request));
        var headers = RecordedHeaders.OfCall(ScriptedGrpc.HeadersOf(call));
        _transcript.Say("sidecar", "app", method.Name, ("headers", headers), ("message", message));
        var rule = _rules.Find(method.Name, message);
        await Task.Delay(AnswerRules.DelayOf(rule));
        if (rule?["error"] is JsonObject error)
        {
            _transcript.Say("app", "sidecar", method.Name, ("error", error.DeepClone()));
            throw new RpcException(new((StatusCode)(int)error["code"]!, (string)error["message"]!));
        }

        var reply = rule?["reply"] as JsonObject ?? [];
        _transcript.Say("app", "sidecar", method.Name, ("message", reply.DeepClone()));
        return MessageJson.Parse(method.OutputType, reply).ToByteArray();
    }
}
