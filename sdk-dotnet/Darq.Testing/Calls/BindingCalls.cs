using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Steps;
using Darq.Engine.Steps.Json;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Testing.Hosting;
using Google.Protobuf;

namespace Darq.Testing.Calls;

/// <summary>The output binding, inside the simulated process. Every name is such a binding.</summary>
internal sealed class BindingCalls(ComponentProcess component)
{
    private const string StepOperation = "step";

    private readonly StepParser _parser = new(ComponentProcess.Namespace.Partitions, StateItems.Prefix);

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

    public async Task<IMessage> InvokeAsync(InvokeBindingRequest request)
    {
        try
        {
            var answer = request.Operation switch
            {
                StepOperation => await StepAsync(request.Data.Memory),
                "extend" => Extend(request),
                "publish" or "create" => await PublishAsync(request),
                var other => throw CallFault.OfBinding(
                    request.Name,
                    $"binding {request.Name} does not support operation {other}. supported operations:publish create step extend"
                ),
            };
            return new InvokeBindingResponse { Data = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(answer)) };
        }
        catch (DarqException fault)
        {
            throw CallFault.OfBinding(request.Name, fault);
        }
    }

    /// <summary>Every outcome of a step is an answer, with its name.</summary>
    private async Task<Dictionary<string, object>> StepAsync(ReadOnlyMemory<byte> json)
    {
        try
        {
            var step = _parser.Parse(json);
            step.Source = ComponentProcess.Group;
            return Answer(await component.Steps.ApplyAsync(step, CancellationToken.None));
        }
        catch (DarqException refused) when (StepResult.IsOutcome(refused.Code))
        {
            return Answer(StepResult.Refused(refused.Code, refused.Message));
        }
    }

    private Dictionary<string, object> Extend(InvokeBindingRequest request)
    {
        var text = RequestNames.Extend.Read(request.Metadata).GetValueOrDefault(WireNames.Token, "");
        return DeliveryToken.TryParse(text, out var token)
            ? new() { ["outcome"] = component.Subscriptions.Extend(token) ? "OK" : "STALE" }
            : throw Limits.Invalid($"metadata {WireNames.Token}", text, "the token of the delivery that needs more time");
    }

    private async Task<Dictionary<string, object>> PublishAsync(InvokeBindingRequest request)
    {
        var metadata = RequestNames.Publish.Read(request.Metadata);
        var emit = new StepEmit
        {
            Topic = request.Metadata.GetValueOrDefault("topic", ""),
            Data = request.Data.Memory,
            Key = metadata.GetValueOrDefault(WireNames.PartitionKey, ""),
            Id = metadata.GetValueOrDefault(WireNames.Id, ""),
            TimeToLive = TimeToLive.Of(metadata),
            Raw = metadata.GetValueOrDefault(WireNames.RawPayload) == "true",
        };
        Append.CheckTopic(emit.Topic);
        var step = new Step { Emits = { emit }, Source = ComponentProcess.Group };
        var result = await component.Steps.ApplyAsync(step, CancellationToken.None);
        return result.Code is { } code ? throw new DarqException(code, result.Message) : Answer(result);
    }

    private static Dictionary<string, object> Answer(StepResult result)
    {
        var answer = new Dictionary<string, object>
        {
            ["outcome"] = result.Outcome,
            ["position"] = result.Position,
            ["emitted"] = result.Emitted.Select(message => new Dictionary<string, object>
            {
                ["id"] = message.Id,
                ["duplicate"] = message.Duplicate,
            }),
        };
        if (result.Conflicts.Count > 0)
        {
            answer["conflicts"] = result.Conflicts.Select(key => key[StateItems.Prefix.Length..]);
        }

        if (result.Message.Length > 0)
        {
            answer["message"] = result.Message;
        }

        return answer;
    }
}
