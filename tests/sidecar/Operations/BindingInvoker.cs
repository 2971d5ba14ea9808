using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Operations;

/// <summary>Invokes output bindings. Every failure is the same <see cref="ApiException"/>, with the reason in its text.</summary>
internal sealed class BindingInvoker(ComponentRegistry components)
{
    public async Task<InvokeResponse> InvokeAsync(string name, InvokeRequest request, CancellationToken cancellation)
    {
        try
        {
            return await Find(name, request.Operation).InvokeAsync(request, cancellation);
        }
        catch (GrpcCallException fault)
        {
            throw Failed(name, fault.Message);
        }
    }

    private OutputBindingComponent Find(string name, string operation)
    {
        if (operation.Length == 0)
        {
            throw Failed(name, "operation field is missing from request");
        }

        if (!components.Outputs.TryGetValue(name, out var binding))
        {
            throw Failed(name, $"couldn't find output binding {name}");
        }

        return binding.Operations.Contains(operation)
            ? binding
            : throw Failed(
                name,
                $"binding {name} does not support operation {operation}. supported operations:{string.Join(' ', binding.Operations)}"
            );
    }

    private static ApiException Failed(string name, string reason) =>
        new(new(500, GrpcCode.Internal, "ERR_INVOKE_OUTPUT_BINDING", $"error invoking output binding {name}: {reason}"));
}
