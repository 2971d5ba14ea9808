using Darq.Protos;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Google.Protobuf;

namespace Darq.Sidecar.HttpApi;

/// <summary>POST and PUT /v1.0/bindings/{name}: invokes an output binding; every failure but an unreadable body is a 500.</summary>
internal sealed class BindingApi(BindingInvoker invoker)
{
    public async Task InvokeAsync(ApiCall call, string name)
    {
        using var document = await call.ReadJsonAsync();
        var root = document.RootElement;
        var request = new InvokeRequest { Operation = root.Text("operation") };
        request.Metadata.Set(root.Map("metadata", "OutputBindingRequest.metadata"));
        request.Metadata["traceparent"] = call.Trace.Span;
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
        var answer = await invoker.InvokeAsync(name, request, call.Aborted);
        call.SetMetadata(answer.Metadata);
        await call.JsonAsync(200, answer.Data.Memory);
    }
}
