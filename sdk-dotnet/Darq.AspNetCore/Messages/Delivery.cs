using System.Globalization;
using Darq.AspNetCore.Subscriptions;
using Darq.Steps;
using Microsoft.AspNetCore.Http;

namespace Darq.AspNetCore.Messages;

/// <summary>Reads what the component says of a delivery in the headers of the sidecar's request.</summary>
internal static class Delivery
{
    /// <summary>What proves who asks is for the app's own middleware, and no part of a message.</summary>
    private static readonly HashSet<string> Secrets = new(StringComparer.OrdinalIgnoreCase) { "dapr-api-token", "authorization", "cookie" };

    /// <summary>The step of a delivery; null for a request that is none of the component's.</summary>
    public static StepSource? Of(HttpRequest request, StepSubscription subscription)
    {
        if (request.Headers["darq-token"] is not [{ Length: > 0 } token])
        {
            return null;
        }

        var headers = request.Headers;
        var id = Text(headers, "darq-id") ?? "";
        return new StepSource(token, id)
        {
            Topic = subscription.Topic,
            ProcessingTimeout = subscription.ProcessingTimeout,
            IdempotencyKey = Text(headers, "darq-idempotency-key") ?? id,
            Attempt = int.TryParse(Text(headers, "darq-attempt"), CultureInfo.InvariantCulture, out var attempt) ? attempt : 1,
            Headers = headers
                .Where(header => !Secrets.Contains(header.Key))
                .ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
        };
    }

    /// <summary>The world-line that a delivery names; 0 where it names none.</summary>
    public static long WorldLineOf(HttpRequest request) =>
        long.TryParse(Text(request.Headers, "darq-world-line"), NumberStyles.None, CultureInfo.InvariantCulture, out var worldLine)
            ? worldLine
            : 0;

    private static string? Text(IHeaderDictionary headers, string name) => headers[name] is [{ Length: > 0 } text] ? text : null;
}
