using System.Text.Json;
using System.Text.Json.Nodes;
using Darq.Protos;
using Darq.Tests.Contract.Recordings;

namespace Darq.Tests.Contract.Replays;

/// <summary>An answer as it was recorded; it is sent with the token of the delivery that it meets here.</summary>
internal sealed class ReplayedAnswer(JsonObject recorded)
{
    /// <summary>What a sidecar answers to deliveries that the recording does not have: those that come again, and the app's own.</summary>
    public static ReplayedAnswer Success { get; } = new(new() { ["response_data"] = """{"status":"SUCCESS"}""" });

    public bool IsAckOf(ReplayedStream stream) =>
        stream.IsBinding
            ? recorded["response_error"] is null && IsStepOrSuccess((string?)recorded["response_data"] ?? "")
            : recorded["ack_error"] is null;

    public PullMessagesRequest OfSubscription(string token)
    {
        var error = recorded["ack_error"]?.AsObject();
        var request = new PullMessagesRequest { AckMessageId = token };
        if (error is not null)
        {
            request.AckError = (AckMessageError)MessageJson.Parse(AckMessageError.Descriptor, error);
        }

        return request;
    }

    public ReadRequest OfBinding(string token)
    {
        var request = (ReadRequest)MessageJson.Parse(ReadRequest.Descriptor, recorded);
        request.MessageId = token;
        return request;
    }

    /// <summary>Whether a binding takes it for an acknowledgement: <c>{"status":"SUCCESS"}</c>, or a step without faults.</summary>
    private static bool IsStepOrSuccess(string body)
    {
        try
        {
            return JsonNode.Parse(body) is JsonObject answer
                && (
                    (string?)answer["status"] == "SUCCESS"
                    || (answer["state"] is JsonArray state && state.All(operation => operation is JsonObject))
                );
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
