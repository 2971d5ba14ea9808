using System.Text;
using System.Text.Json;
using Darq.Sidecar.Events;

namespace Darq.Sidecar.Apps;

/// <summary>What an HTTP app's answer means: the status first, then what the body says.</summary>
internal static class HttpVerdicts
{
    private const string Retriable = "retriable error occurred";

    public static Verdict Of(HttpAnswer answer, ReceivedEvent received)
    {
        if (answer.Failure is { } failure)
        {
            return Verdict.Failed($"error returned from app channel while sending pub/sub event to app: {Retriable}: {failure}");
        }

        var body = Encoding.UTF8.GetString(answer.Body);
        if (answer.Status == 404)
        {
            return Verdict.Dropped(
                $"non-retriable error returned from app while processing pub/sub event {received.Id}: {body}. status code returned: 404"
            );
        }

        if (!answer.IsSuccess)
        {
            return Verdict.Failed(
                $"{Retriable}: retriable error returned from app while processing pub/sub event {received.Id}, topic: "
                    + $"{received.TopicOfEvent}, body: {body}. status code returned: {answer.Status}"
            );
        }

        return Status(answer.Body) switch
        {
            "" or "SUCCESS" => Verdict.Taken,
            "DROP" => Verdict.Dropped($"DROP status returned from app while processing pub/sub event {received.Id}"),
            "RETRY" => Verdict.Failed($"RETRY status returned from app while processing pub/sub event {received.Id}: {Retriable}"),
            var other => Verdict.Failed(
                $"unknown status returned from app while processing pub/sub event {received.Id}, status: {other}, err: {Retriable}"
            ),
        };
    }

    /// <summary>Of a bulk's entries, only those count as taken that the answer names so.</summary>
    public static IReadOnlyList<Verdict> Of(HttpAnswer answer, EventBulk bulk)
    {
        if (answer.Failure is { } failure)
        {
            return All(bulk, Verdict.Failed(failure));
        }

        if (answer.Status == 404)
        {
            // Unlike a single event, nothing of it goes to the dead letter topic.
            return All(bulk, Verdict.Taken);
        }

        if (!answer.IsSuccess)
        {
            return All(
                bulk,
                Verdict.Failed(
                    $"Retriable error returned from app while processing bulk pub/sub event, topic: {bulk.Topic}. status code returned: {answer.Status}"
                )
            );
        }

        try
        {
            var statuses = Statuses(answer.Body);
            return [.. bulk.Entries.Select(entry => Of(entry.Id, statuses.GetValueOrDefault(entry.Id)))];
        }
        catch (GoJsonException fault)
        {
            return All(bulk, Verdict.Failed(fault.Message));
        }
    }

    private static Verdict[] All(EventBulk bulk, Verdict verdict) => [.. bulk.Entries.Select(_ => verdict)];

    private static Verdict Of(string id, string? status) =>
        status switch
        {
            "SUCCESS" => Verdict.Taken,
            "DROP" => Verdict.Dropped($"DROP status returned from app while processing pub/sub event {id}"),
            "" or "RETRY" => Verdict.Failed($"RETRY required while processing bulk subscribe event for entry id: {id}"),
            null => Verdict.Failed($"response not received, RETRY required while processing bulk subscribe event for entry id: {id}"),
            _ => Verdict.Failed($"unknown status returned from app while processing bulk subscribe event {id}: {status}"),
        };

    private static Dictionary<string, string> Statuses(byte[] body)
    {
        var statuses = new Dictionary<string, string>();
        using var document = GoJson.Parse(body, decoder: true);
        foreach (var item in document.RootElement.Member("statuses").Items())
        {
            statuses[item.TextOf("entryId")] = item.TextOf("status");
        }

        return statuses;
    }

    // A body that is not the JSON expected counts as a success: apps answer all kinds of things.
    private static string Status(byte[] body)
    {
        if (body.Length == 0)
        {
            return "";
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.TextOf("status");
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
