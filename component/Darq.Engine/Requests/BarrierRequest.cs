using System.Text;
using System.Text.Json;
using Darq.Engine.Core;
using Darq.Engine.Steps.Json;

namespace Darq.Engine.Requests;

/// <summary>What a barrier is asked, in the form of <c>barrier.schema.json</c>.</summary>
/// <param name="Positions">What has to be durable; empty for all that was applied before.</param>
/// <param name="Timeout">How long it may wait; null for the time of a call.</param>
internal sealed record BarrierRequest(IReadOnlyList<WirePosition> Positions, TimeSpan? Timeout)
{
    public const int MaxPositions = 1000;

    private const string Form = "nothing, or a JSON object such as {\"positions\":[\"7:1700000000000-42\"],\"timeout\":\"5s\"}";
    private const string TimeoutForm = "a duration from 100ms to 1m, such as \"5s\"";

    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(1);
    private static readonly string[] Fields = ["positions", "timeout"];

    /// <summary>Throws <see cref="DarqException"/> that names the field, the value seen and the form accepted.</summary>
    public static BarrierRequest Parse(ReadOnlyMemory<byte> json, int partitions)
    {
        if (IsNothing(json.Span))
        {
            return new([], null);
        }

        var cursor = new StepCursor(json, "data");
        try
        {
            cursor.Read();
            return cursor.Token == JsonTokenType.StartObject ? Parse(ref cursor, partitions) : throw cursor.Fault(Form);
        }
        catch (JsonException fault)
        {
            throw StepCursor.NotJson("data", fault, Form);
        }
        catch (InvalidOperationException)
        {
            // System.Text.Json throws this for half a surrogate pair, and for bytes that are not UTF-8.
            throw Limits.Unfit(cursor.Path, "a string that is not well-formed Unicode", Form);
        }
    }

    /// <summary>Throws <see cref="DarqException"/> unless the data of an operation that takes none says nothing.</summary>
    public static void CheckNothing(ReadOnlyMemory<byte> json)
    {
        if (!IsNothing(json.Span))
        {
            throw Limits.Unfit("data", "given", "nothing, or {}");
        }
    }

    /// <summary>The sidecar sends null where its caller left the data out.</summary>
    private static bool IsNothing(ReadOnlySpan<byte> json)
    {
        const int MostBlanks = 100;
        return json.Length < MostBlanks
            && string.Concat(Encoding.UTF8.GetString(json).Where(letter => !char.IsWhiteSpace(letter))) is "" or "null" or "{}";
    }

    private static BarrierRequest Parse(ref StepCursor cursor, int partitions)
    {
        var (seen, positions, timeout) = (0, new List<WirePosition>(), (TimeSpan?)null);
        while (cursor.NextField(Fields, ref seen) is { } field)
        {
            if (field == "positions")
            {
                ReadPositions(ref cursor, positions, partitions);
            }
            else
            {
                timeout = ReadTimeout(ref cursor);
            }
        }

        cursor.Read();
        return new(positions, timeout);
    }

    private static void ReadPositions(ref StepCursor cursor, List<WirePosition> positions, int partitions)
    {
        cursor.EnterList("positions", "a JSON list of positions");
        while (cursor.NextElement())
        {
            if (positions.Count == MaxPositions)
            {
                throw Limits.Unfit("positions", $"a list of more than {MaxPositions:N0}", $"at most {MaxPositions:N0} positions");
            }

            var form = $"{WirePosition.Form}, with a partition below {partitions}";
            positions.Add(WirePosition.TryParse(cursor.Text(form), partitions, out var position) ? position : throw cursor.Fault(form));
        }
    }

    private static TimeSpan ReadTimeout(ref StepCursor cursor) =>
        DurationText.TryRead(cursor.Text(TimeoutForm), out var timeout) && timeout >= ShortestTimeout && timeout <= LongestTimeout
            ? timeout
            : throw cursor.Fault(TimeoutForm);
}
