using Darq.Protos;
using Darq.Sidecar.Apps;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;

namespace Darq.Sidecar.Delivery;

/// <summary>Sends an app's answer to an input binding on to the output bindings that the answer names.</summary>
internal sealed class AnsweredOutputs(ComponentRegistry components)
{
    /// <summary>One after the other, up to the first that fails, or all at once; the acknowledgement does not depend on them.</summary>
    public async Task SendAsync(BindingAnswer answer, string input, CancellationToken cancellation)
    {
        if (answer.ToAllAtOnce)
        {
            await Task.WhenAll(answer.To.Select(output => TrySendAsync(answer, input, output, cancellation)));
            return;
        }

        foreach (var output in answer.To)
        {
            if (!await TrySendAsync(answer, input, output, cancellation))
            {
                return;
            }
        }
    }

    private async Task<bool> TrySendAsync(BindingAnswer answer, string input, string output, CancellationToken cancellation)
    {
        if (!components.Outputs.TryGetValue(output, out var binding))
        {
            SidecarLog.Error($"couldn't find output binding {output}");
            return false;
        }

        try
        {
            var request = new InvokeRequest { Operation = "create", Data = UnsafeByteOperations.UnsafeWrap(Json(answer.Data)) };
            await binding.InvokeAsync(request, cancellation, deliveredBy: input, answer.TraceParent);
            return true;
        }
        catch (GrpcCallException fault)
        {
            SidecarLog.Error($"error when sending the answer of binding {input} to {output}: {fault.Message}");
            return false;
        }
    }

    // Only JSON arrives; anything else becomes null.
    private static byte[] Json(ByteString data)
    {
        try
        {
            using var document = GoJson.Parse(data.Memory);
            return GoJson.Write(document.RootElement, GoNumbers.Floats);
        }
        catch (GoJsonException)
        {
            return [.. "null"u8];
        }
    }
}
