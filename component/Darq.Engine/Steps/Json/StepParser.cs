using System.Text.Json;
using System.Text.Unicode;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Steps.Json;

/// <summary>
/// Reads a step from its JSON, as <c>step.schema.json</c> describes it. Unknown fields are errors: a misspelt one would silently
/// lose an effect.
/// </summary>
/// <param name="partitions">Of the namespace; a token of a higher partition is invalid.</param>
/// <param name="keyPrefix">The prefix of every state key; null where it is not known, which only matters to a step with keys.</param>
internal sealed class StepParser(int partitions, string? keyPrefix)
{
    public const string Form =
        "a JSON object such as "
        + "{\"consume\":[\"<token>\"],\"state\":[{\"op\":\"upsert\",\"key\":\"k\",\"value\":1}],\"emit\":[{\"topic\":\"t\",\"data\":{}}]}";

    private const string TokenForm = "the value of a delivery's header darq-token or attribute darqtoken";

    private static readonly string[] Fields = ["id", "consume", "reads", "state", "emit", "ack", "timers"];
    private static readonly string[] OperationFields = ["op", "key", "value", "etag", "ttlInSeconds", "concurrency"];

    /// <summary>Throws <see cref="DarqException"/> that names the field, the value seen and the form accepted.</summary>
    public Step Parse(ReadOnlyMemory<byte> json)
    {
        // Some libraries begin with a byte order mark.
        var text = json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json;
        if (!Utf8.IsValid(text.Span))
        {
            throw Limits.Unfit("step", "bytes that are not UTF-8", Form);
        }

        var cursor = new StepCursor(text, "step");
        try
        {
            return Parse(ref cursor);
        }
        catch (JsonException fault)
        {
            throw StepCursor.NotJson("step", fault, Form);
        }
        catch (InvalidOperationException)
        {
            // System.Text.Json throws this for half a surrogate pair.
            throw Limits.Unfit(cursor.Path, "a string that is not well-formed Unicode", Form);
        }
    }

    private Step Parse(ref StepCursor cursor)
    {
        cursor.Read();
        if (cursor.Token != JsonTokenType.StartObject)
        {
            throw cursor.Fault(Form);
        }

        var (step, seen) = (new Step(), 0);
        while (cursor.NextField(Fields, ref seen) is { } field)
        {
            switch (field)
            {
                case "id":
                    step.Id = Name(ref cursor);
                    break;
                case "consume":
                    ReadTokens(ref cursor, step);
                    break;
                case "reads":
                    ReadParser.ReadList(ref cursor, "reads", step.Reads, Key);
                    break;
                case "state":
                    ReadOperations(ref cursor, step);
                    break;
                case "emit":
                    EmitParser.ReadList(ref cursor, "emit", step.Emits);
                    break;
                case "ack":
                    var isDurable = OneOf(ref cursor, AckLevels.DurableWord, AckLevels.SpeculativeWord) == AckLevels.DurableWord;
                    step.Ack = isDurable ? AckLevel.Durable : AckLevel.Speculative;
                    break;
                default:
                    throw NotYet(cursor.Path);
            }
        }
        cursor.Read();
        step.CheckId();
        return step;
    }

    private void ReadTokens(ref StepCursor cursor, Step step)
    {
        cursor.EnterList("consume", "a JSON list of tokens");
        while (cursor.NextElement())
        {
            if (!DeliveryToken.TryParse(cursor.Text(TokenForm), out var token) || token.Partition >= partitions)
            {
                throw cursor.Fault(TokenForm);
            }

            step.Consume(token);
        }
    }

    private void ReadOperations(ref StepCursor cursor, Step step)
    {
        cursor.EnterList("state", "a JSON list such as [{\"op\":\"upsert\",\"key\":\"k\",\"value\":1}]");
        while (cursor.NextElement())
        {
            if (step.Operations.Count == Limits.MaxOperations)
            {
                throw new DarqException(
                    ErrorCode.TooLarge,
                    $"TOO_LARGE: state has more than {Limits.MaxOperations:N0} operations, which is the most that is accepted."
                );
            }

            step.Operations.Add(ReadOperation(ref cursor));
        }
    }

    private StateOperation ReadOperation(ref StepCursor cursor)
    {
        const string Whole = "an object with op and key, and value where op is upsert";
        if (cursor.Token != JsonTokenType.StartObject)
        {
            throw cursor.Fault(Whole);
        }

        var seen = 0;
        string? op = null,
            key = null;
        ReadOnlyMemory<byte>? value = null;
        var (etag, mustBeAbsent, concurrency, timeToLive, isNull) = ("", false, "", (int?)null, false);
        while (cursor.NextField(OperationFields, ref seen) is { } field)
        {
            switch (field)
            {
                case "op":
                    op = OneOf(ref cursor, "upsert", "delete");
                    break;
                case "key":
                    key = Key(ref cursor);
                    break;
                case "value":
                    (isNull, value) = (cursor.Token == JsonTokenType.Null, cursor.Raw());
                    break;
                case "etag":
                    (etag, mustBeAbsent) = ReadParser.ETag(ref cursor);
                    break;
                case "ttlInSeconds":
                    timeToLive = cursor.Number("a whole number of seconds; 0 or less for no time to live");
                    break;
                default:
                    concurrency = OneOf(ref cursor, StateOperation.FirstWriteWord, StateOperation.LastWriteWord);
                    break;
            }
        }
        if (op is null || key is null || op == "upsert" && value is null)
        {
            throw cursor.Missing(
                op is null ? "op"
                    : key is null ? "key"
                    : "value",
                Whole
            );
        }

        if (op == "delete" && (value is not null && !isNull || timeToLive is not null))
        {
            throw Limits.Unfit(cursor.Path, "a delete with value or ttlInSeconds", "a delete with neither");
        }

        return new(op == "delete" ? StateChange.Delete : StateChange.Upsert, new(key))
        {
            Value = value ?? default,
            ETag = concurrency == StateOperation.LastWriteWord ? "" : etag,
            FirstWrite = concurrency switch
            {
                StateOperation.LastWriteWord => false,
                StateOperation.FirstWriteWord when op == "upsert" => true,
                _ => mustBeAbsent,
            },
            TimeToLive = timeToLive is > 0 ? TimeSpan.FromSeconds(timeToLive.Value) : null,
        };
    }

    private string Key(ref StepCursor cursor)
    {
        var key = ReadParser.Key(ref cursor);
        return keyPrefix is null
            ? throw new DarqException(
                ErrorCode.Misconfigured,
                $"MISCONFIGURED: {cursor.Path} names state, whose keys begin with the app's id in the state API, but this "
                    + $"binding does not know the app; set appID: \"{{appID}}\" in its metadata, or keyPrefix: none where the state "
                    + "store has that too."
            )
            : keyPrefix + key;
    }

    private static string Name(ref StepCursor cursor)
    {
        const string NameForm = "1 to 1,024 bytes of UTF-8; leave it out for none";
        var name = cursor.Text(NameForm);
        if (name.Length == 0)
        {
            throw cursor.Fault(NameForm);
        }

        Limits.CheckKey(cursor.Path, name);
        return name;
    }

    private static string OneOf(ref StepCursor cursor, string first, string second)
    {
        var text = cursor.Token == JsonTokenType.String ? cursor.Text("") : "";
        return text == first ? first
            : text == second ? second
            : throw cursor.Fault($"{first} or {second}");
    }

    private static DarqException NotYet(string feature) =>
        new(ErrorCode.NotYet, $"NOT_YET: {feature} is not available yet; send the step without it.");
}
