using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Darq.Tests.Contract.Recordings;

/// <summary>An app on HTTP: without a rule it answers 404.</summary>
internal sealed class ScriptedHttpApp : IScriptedApp
{
    private readonly AnswerRules _rules;
    private readonly Transcript _transcript;
    private readonly ScriptedServer _server;

    public ScriptedHttpApp(IEnumerable<JsonObject> rules, Transcript transcript)
    {
        _rules = new(rules);
        _transcript = transcript;
        _server = new(
            options => options.Listen(IPAddress.Loopback, Port, endpoint => endpoint.Protocols = HttpProtocols.Http1),
            ServeAsync
        );
    }

    public int Port { get; } = FreePort.Next();

    public Task StartAsync() => _server.StartAsync();

    public Task StopAsync() => _server.StopAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        using var content = new MemoryStream();
        await context.Request.Body.CopyToAsync(content);
        var body = RecordedText.OfBytes(content.ToArray());
        var call = $"{context.Request.Method} {context.Features.Get<IHttpRequestFeature>()!.RawTarget}";
        var headers = RecordedHeaders.Of(
            context.Request.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.ToString()))
        );
        _transcript.Say("sidecar", "app", call, ("headers", headers), ("body", body));
        var rule = _rules.Find(call, new() { ["body"] = body, ["headers"] = headers.DeepClone() }) ?? new() { ["status"] = 404 };
        await Task.Delay(AnswerRules.DelayOf(rule));
        await AnswerAsync(context, call, rule);
    }

    private async Task AnswerAsync(HttpContext context, string call, JsonObject rule)
    {
        var status = (int?)rule["status"] ?? 200;
        var text = RecordedText.OfBody(rule["body"]) ?? "";
        _transcript.Say("app", "sidecar", call, ("status", status), ("body", text));
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach (var (name, value) in rule["headers"] as JsonObject ?? [])
        {
            context.Response.Headers[name] = (string?)value;
        }

        if (status == 204)
        {
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes);
    }
}
