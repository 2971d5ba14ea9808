using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Reports;

/// <summary>Writes what a run found: the rows as JSON, and as a page beside this project for people to read.</summary>
internal static class Record
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Task WriteJsonAsync<T>(string file, T result) =>
        File.WriteAllTextAsync(file, JsonSerializer.Serialize(result, Json) + "\n");

    /// <summary>Both files; returns where the page is.</summary>
    public static async Task<string> WriteAsync(IReadOnlyList<Row> rows, IReadOnlyList<string> leftOut, IReadOnlyList<string> orientation)
    {
        var state = rows[0].Environment;
        var path = Repository.PathOf("tests", "benchmarks", $"results-redis-{state.Redis}");
        await WriteJsonAsync(path + ".json", rows);
        await File.WriteAllTextAsync(path + ".md", Page(rows, leftOut, orientation));
        return Path.GetRelativePath(Repository.Root, path + ".md");
    }

    private static string Page(IReadOnlyList<Row> rows, IReadOnlyList<string> leftOut, IReadOnlyList<string> orientation)
    {
        var state = rows[0].Environment;
        var loads = rows.Select(row => row.Environment.LoadAverage).ToArray();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            # One {(state.Quick ? "quick" : "full")} run

            {state.Cpu}, {state.Cores} cores; Linux {state.Kernel}; {state.Dotnet}; Redis {state.Redis} ({state.RedisSettings}). Load average when the rows began: {loads.Min():0.0} to {loads.Max():0.0}.
            [README.md](README.md) says what each row compares; the same rows as JSON lie beside this page.

            {string.Join("\n\n", [Table.Of(rows), .. leftOut])}

            For orientation, `redis-benchmark` with 64 clients and 1,024 bytes:

            {string.Join('\n', orientation.Select(line => "    " + line))}

            """
        );
    }
}
