using System.Text.Json;
using System.Text.Json.Serialization;

namespace Darq.Tests.Shared.History;

/// <summary>Histories as JSON, one event a line, so that a process that is killed leaves all lines but the last one whole.</summary>
internal sealed class HistoryLog(TextWriter writer) : IDisposable
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly Lock _lock = new();

    public static HistoryLog Append(string path) =>
        new(new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true });

    public void Write(HistoryEvent line)
    {
        lock (_lock)
        {
            writer.WriteLine(Line(line));
        }
    }

    public void Dispose() => writer.Dispose();

    public static string Line(HistoryEvent line) => JsonSerializer.Serialize(line, Format);

    public static HistoryEvent Parse(string line) =>
        JsonSerializer.Deserialize<HistoryEvent>(line, Format) ?? throw new FormatException($"'{line}' is no event of a history");

    /// <summary>Reads a file; a last line that was cut off is left out.</summary>
    public static IReadOnlyList<HistoryEvent> Read(string path)
    {
        var text = File.ReadAllText(path);
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }
}
