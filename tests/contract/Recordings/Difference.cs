using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Darq.Tests.Contract.Recordings;

/// <summary>
/// Compares two transcripts. Order counts among lines of one channel (same sender, receiver, call and stream); a scenario may put
/// all lines, or all of the app's, into one channel.
/// </summary>
internal static class Difference
{
    /// <summary>An empty text if they agree, else the channels that do not, with what was expected and what was seen.</summary>
    public static string Between(IEnumerable<JsonObject> recorded, IEnumerable<JsonObject> seen, Scenario scenario)
    {
        var (expected, actual) = (Channels(recorded, scenario), Channels(seen, scenario));
        var report = new StringBuilder();
        foreach (var channel in expected.Keys.Union(actual.Keys).Order(StringComparer.Ordinal))
        {
            Report(report, channel, expected.GetValueOrDefault(channel, []), actual.GetValueOrDefault(channel, []));
        }

        return report.ToString();
    }

    private static Dictionary<string, List<JsonObject>> Channels(IEnumerable<JsonObject> lines, Scenario scenario)
    {
        var channels = new Dictionary<string, List<JsonObject>>();
        foreach (var line in lines)
        {
            var name = string.Join(' ', new[] { "from", "to", "call", "stream" }.Select(key => (string?)line[key]));
            if (
                (scenario.AllLinesAreOrdered && !IsOfStreams(line))
                || (scenario.AppLinesAreOrdered && "app" is var app && ((string?)line["from"] == app || (string?)line["to"] == app))
            )
            {
                name = "in order";
            }

            if (!channels.TryGetValue(name, out var channel))
            {
                channels[name] = channel = [];
            }

            channel.Add(line);
        }
        return channels;
    }

    // Streams open and close side by side: which of them is first is chance.
    private static bool IsOfStreams(JsonObject line) =>
        line.ContainsKey("opened") || line.ContainsKey("closed") || line["message"]?["topic"] is JsonObject;

    private static void Report(StringBuilder report, string channel, List<JsonObject> expected, List<JsonObject> actual)
    {
        if (expected.Count == actual.Count && expected.Zip(actual).All(pair => JsonNode.DeepEquals(pair.First, pair.Second)))
        {
            return;
        }

        report.AppendLine(channel);
        var first = expected.Zip(actual).TakeWhile(pair => JsonNode.DeepEquals(pair.First, pair.Second)).Count();
        foreach (var line in expected.Skip(first).Take(3))
        {
            report.Append("  - ").AppendLine(line.ToJsonString());
        }

        foreach (var line in actual.Skip(first).Take(3))
        {
            report.Append("  + ").AppendLine(line.ToJsonString());
        }

        report.AppendLine(CultureInfo.InvariantCulture, $"  (line {first + 1} of {expected.Count} expected and {actual.Count} seen)");
    }
}
