using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Darq.Tests.Contract.Recordings;

/// <summary>Writes down what a sidecar said in one call.</summary>
internal delegate void Say(string call, params ReadOnlySpan<(string Key, JsonNode? Value)> content);

/// <summary>Everything that component, app, sidecar and driver said, in order. Written from all sides at once.</summary>
internal sealed class Transcript
{
    private readonly Lock _lock = new();
    private readonly List<JsonObject> _lines = [];
    private long _last = Stopwatch.GetTimestamp();

    public IReadOnlyList<JsonObject> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public TimeSpan Quiet => Stopwatch.GetElapsedTime(Interlocked.Read(ref _last));

    public void Say(string from, string to, string call, params ReadOnlySpan<(string Key, JsonNode? Value)> content)
    {
        var line = new JsonObject
        {
            ["from"] = from,
            ["to"] = to,
            ["call"] = call,
        };
        foreach (var (key, value) in content)
        {
            line[key] = value;
        }

        lock (_lock)
        {
            _lines.Add(line);
            Interlocked.Exchange(ref _last, Stopwatch.GetTimestamp());
        }
    }

    public int Count(JsonNode wanted)
    {
        lock (_lock)
        {
            return _lines.Count(line => IsWithin(wanted, line));
        }
    }

    /// <summary>Whether all that is wanted was seen: members of objects by name, items of arrays by position.</summary>
    public static bool IsWithin(JsonNode? wanted, JsonNode? seen) =>
        wanted switch
        {
            JsonObject members => seen is JsonObject other
                && members.All(member => other.TryGetPropertyValue(member.Key, out var value) && IsWithin(member.Value, value)),
            JsonArray items => seen is JsonArray other
                && items.Count <= other.Count
                && items.Zip(other).All(pair => IsWithin(pair.First, pair.Second)),
            _ => JsonNode.DeepEquals(wanted, seen),
        };
}
