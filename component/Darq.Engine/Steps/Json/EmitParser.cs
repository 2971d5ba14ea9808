using System.Text;
using System.Text.Json;
using Darq.Engine.Core;
using Darq.Engine.Publishing;

namespace Darq.Engine.Steps.Json;

/// <summary>Reads the messages that a step publishes from their JSON. Unknown fields are errors.</summary>
internal static class EmitParser
{
    public const string Form =
        "a JSON list such as "
        + "[{\"topic\":\"receipts\",\"data\":{\"n\":1},\"key\":\"k\",\"id\":\"i\",\"ttlInSeconds\":60,\"rawPayload\":false}]";

    private const string NameForm = "a string of 1 to 1,024 bytes; leave it out for none";

    private static readonly string[] Fields = ["topic", "data", "key", "id", "ttlInSeconds", "rawPayload", "delay", "deliverAt"];

    /// <summary>
    /// Reads a list that is a JSON text of its own, as a state transaction carries it. Throws <see cref="DarqException"/>.
    /// </summary>
    public static void Parse(string json, List<StepEmit> emits) =>
        ListText.Parse(json, WireNames.Emit, Form, (ref StepCursor cursor) => ReadList(ref cursor, WireNames.Emit, emits));

    /// <summary>Reads the list at the cursor.</summary>
    public static void ReadList(ref StepCursor cursor, string name, List<StepEmit> emits)
    {
        cursor.EnterList(name, Form);
        while (cursor.NextElement())
        {
            if (emits.Count == Limits.MaxEmits)
            {
                throw new DarqException(
                    ErrorCode.TooLarge,
                    $"TOO_LARGE: {name} has more than {Limits.MaxEmits:N0} messages, which is the most that is accepted."
                );
            }

            emits.Add(ReadOne(ref cursor));
        }
    }

    private static StepEmit ReadOne(ref StepCursor cursor)
    {
        const string Whole = "an object with at least topic and data";
        if (cursor.Token != JsonTokenType.StartObject)
        {
            throw cursor.Fault(Whole);
        }

        var seen = 0;
        string? topic = null;
        ReadOnlyMemory<byte>? data = null;
        var (key, id, raw, isText) = ("", "", false, false);
        TimeSpan? timeToLive = null;
        while (cursor.NextField(Fields, ref seen) is { } field)
        {
            switch (field)
            {
                case "topic":
                    topic = Topic(ref cursor);
                    break;
                case "data":
                    (isText, data) = (cursor.Token == JsonTokenType.String, cursor.Raw());
                    break;
                case "key":
                    key = Name(ref cursor);
                    break;
                case "id":
                    id = Name(ref cursor);
                    break;
                case "ttlInSeconds":
                    timeToLive = Seconds(ref cursor);
                    break;
                case "rawPayload":
                    raw = cursor.Flag();
                    break;
                default:
                    throw new DarqException(ErrorCode.NotYet, $"NOT_YET: {cursor.Path} is not available yet; emit without it.");
            }
        }
        if (topic is null || data is not { } given)
        {
            throw cursor.Missing(topic is null ? "topic" : "data", Whole);
        }

        var bytes = raw && isText ? Encoding.UTF8.GetBytes(JsonSerializer.Deserialize(given.Span, StepJson.Default.String)!) : given;
        return new()
        {
            Topic = topic,
            Data = bytes,
            Key = key,
            Id = id,
            TimeToLive = timeToLive,
            Raw = raw,
        };
    }

    private static string Topic(ref StepCursor cursor)
    {
        var topic = cursor.Text("a topic's name, which is a string");
        Append.CheckTopic(topic, cursor.Path);
        return topic;
    }

    private static string Name(ref StepCursor cursor)
    {
        var name = cursor.Text(NameForm);
        if (name.Length == 0)
        {
            throw cursor.Fault(NameForm);
        }

        Limits.CheckKey(cursor.Path, name);
        return name;
    }

    private static TimeSpan Seconds(ref StepCursor cursor)
    {
        const string SecondsForm = "a whole number of seconds above 0";
        var seconds = cursor.Number(SecondsForm);
        return seconds > 0 ? TimeSpan.FromSeconds(seconds) : throw cursor.Fault(SecondsForm);
    }
}
