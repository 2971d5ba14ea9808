using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;

namespace Darq.Sidecar.HttpApi;

/// <summary>POST and PUT /v1.0/bindings/{name}: invokes an output binding; every failure but an unreadable body is a 500.</summary>
internal sealed class BindingApi(ComponentRegistry components)
{
    public async Task InvokeAsync(ApiCall call, string name)
    {
        try
        {
            var body = await call.ReadBodyAsync() ?? throw new GoJsonException("stream too large");
            using var document = GoJson.Parse(body, decoder: true);
            var (request, problem) = Read(call, name, document.RootElement);
            await (problem is null ? InvokeAsync(call, components.Outputs[name], request) : call.ErrorAsync(Failed(name, problem)));
        }
        catch (GoJsonException fault)
        {
            await call.ErrorAsync(StateErrors.Malformed("failed deserializing HTTP body: " + fault.Message));
        }
        catch (GrpcCallException fault)
        {
            await call.ErrorAsync(Failed(name, fault.Message));
        }
    }

    private (InvokeRequest Request, string? Problem) Read(ApiCall call, string name, JsonElement root)
    {
        var request = new InvokeRequest { Operation = root.Text("operation") };
        foreach (var (key, value) in root.Map("metadata", "OutputBindingRequest.metadata"))
        {
            request.Metadata[key] = value;
        }

        request.Metadata["traceparent"] = call.Span;
        foreach (var header in (ReadOnlySpan<string>)["tracestate", "baggage"])
        {
            if (call.Header(header) is { Length: > 0 } value)
            {
                request.Metadata[header] = value;
            }
        }

        request.Data = root.Field("data") is { } data
            ? UnsafeByteOperations.UnsafeWrap(GoJson.Write(data, GoNumbers.Floats))
            : ByteString.CopyFromUtf8("null");
        return (request, Problem(name, request.Operation));
    }

    private string? Problem(string name, string operation)
    {
        if (operation.Length == 0)
        {
            return "operation field is missing from request";
        }

        if (!components.Outputs.TryGetValue(name, out var binding))
        {
            return $"couldn't find output binding {name}";
        }

        return binding.Operations.Contains(operation)
            ? null
            : $"binding {name} does not support operation {operation}. supported operations:{string.Join(' ', binding.Operations)}";
    }

    private static async Task InvokeAsync(ApiCall call, OutputBindingComponent binding, InvokeRequest request)
    {
        var answer = await binding.InvokeAsync(request, call.Aborted);
        foreach (var (key, value) in answer.Metadata)
        {
            call.SetHeader("metadata." + key, value);
        }

        await call.JsonAsync(200, answer.Data.Memory);
    }

    private static ApiError Failed(string name, string reason) =>
        new(500, GrpcCode.Internal, "ERR_INVOKE_OUTPUT_BINDING", $"error invoking output binding {name}: {reason}");
}
