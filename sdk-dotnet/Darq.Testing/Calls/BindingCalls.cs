using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Darq.Engine.Core;
using Darq.Engine.Requests;
using Darq.Testing.Hosting;
using Google.Protobuf;

namespace Darq.Testing.Calls;

/// <summary>The output binding, inside the simulated process. Every name is such a binding.</summary>
internal sealed class BindingCalls(ComponentProcess component)
{
    private const string StepOperation = "step";

    /// <summary>The tokens that a step names; none for other operations.</summary>
    public static IEnumerable<string> Consumed(InvokeBindingRequest request) =>
        request.Operation == StepOperation ? JsonTexts.ListOf(request.Data.Memory, "consume") : [];

    /// <summary>The name that a step without a message has.</summary>
    public static string NameOf(InvokeBindingRequest request) =>
        request.Operation == StepOperation ? JsonTexts.TextOf(request.Data.Memory, "id") : "";

    /// <summary>Whether an answer says that a step changed nothing.</summary>
    public static bool IsRefused(IMessage? answer)
    {
        if (answer is not InvokeBindingResponse { Data: { IsEmpty: false } data })
        {
            return false;
        }

        using var document = JsonDocument.Parse(data.Memory);
        return document.RootElement.GetProperty("outcome"u8).GetString() is not ("OK" or "DUPLICATE");
    }

    /// <summary>An operation that the component does not name is refused by the sidecar.</summary>
    public async Task<IMessage> InvokeAsync(InvokeBindingRequest request)
    {
        if (!BoundOperations.Names.Contains(request.Operation))
        {
            throw CallFault.OfBinding(
                request.Name,
                $"binding {request.Name} does not support operation {request.Operation}. "
                    + $"supported operations:{string.Join(' ', BoundOperations.Names)}"
            );
        }

        try
        {
            var operations = new BoundOperations(
                new(component.Steps, ComponentProcess.Namespace.Partitions, StateItems.Prefix, ComponentProcess.Group),
                new(component.Publisher, component.Steps, ComponentProcess.Group),
                new(component.Primary, ComponentProcess.Namespace),
                component.Subscriptions
            );
            var answer = await operations.InvokeAsync(request.Operation, request.Data.Memory, request.Metadata, CancellationToken.None);
            return new InvokeBindingResponse { Data = ByteString.CopyFrom(answer.Span) };
        }
        catch (DarqException fault)
        {
            throw CallFault.OfBinding(request.Name, fault);
        }
    }
}
