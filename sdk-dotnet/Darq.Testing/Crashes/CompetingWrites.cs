using System.Text.Json;
using Darq.Testing.Server;

namespace Darq.Testing.Crashes;

/// <summary>
/// Which keys that handlers read another step writes, and what. A write is tried at two moments: between the last read of a handler and its
/// commit, and before the handler, which tells what has to come of it. Of the simulation's thread.
/// </summary>
internal sealed class CompetingWrites(FakeServer server, CrashPlan plan, JsonSerializerOptions json)
{
    /// <summary>The value that another step gives a key, of its name and its value; null for none.</summary>
    public Func<string, JsonElement, object?>? Value { get; set; }

    /// <summary>The name of the moment whose write comes before its handler instead, once; null for none, and when it has come.</summary>
    public string? FirstAt { get; set; }

    /// <summary>A handler is about to commit after it read some keys. Returns what another step writes now; null for nothing.</summary>
    public CompetingWrite? BeforeCommit(Moment commit, IEnumerable<string> keys)
    {
        CompetingWrite? chosen = null;
        foreach (var write in Value is null ? [] : keys.Select(WriteOf).OfType<CompetingWrite>())
        {
            if (plan.Competes(commit.Competing(write.Key)))
            {
                chosen = write;
            }
        }

        return chosen;
    }

    /// <summary>A handler is about to begin. Returns what another step writes first; null for nothing.</summary>
    public CompetingWrite? BeforeHandler(Moment delivery)
    {
        var begin = delivery.Competing("").Name + " ";
        if (FirstAt?.StartsWith(begin, StringComparison.Ordinal) != true)
        {
            return null;
        }

        var key = FirstAt[begin.Length..];
        FirstAt = null;
        return WriteOf(key)
            ?? throw new DarqTestException(
                $"'{key}' got no value from competing when its handler began, though it did at its commit: there is nothing to compare "
                    + "with. Return null for keys that other handlers of the scenario write as well."
            );
    }

    /// <summary>Null where there is no value, or none in JSON.</summary>
    private static JsonDocument? Parse(ReadOnlyMemory<byte> value)
    {
        try
        {
            return value.IsEmpty ? null : JsonDocument.Parse(value);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private CompetingWrite? WriteOf(string key)
    {
        try
        {
            using var stored = Parse(StoredState.Find(server, key) ?? ReadOnlyMemory<byte>.Empty);
            return Value!(key, stored?.RootElement ?? default) switch
            {
                null or JsonElement { ValueKind: JsonValueKind.Undefined } => null,
                var value => new(key, JsonSerializer.SerializeToUtf8Bytes(value, json)),
            };
        }
        catch (Exception fault)
        {
            throw new DarqTestException($"What another step writes to the key '{key}' (competing) cannot be told: {fault.Message}", fault);
        }
    }
}
