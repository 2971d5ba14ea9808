using System.Text.Json;
using Darq.Component.Configuration;

namespace Darq.Component.Cli.Health;

/// <summary>What can be asked of a component: the path, and the member of the answer that says yes or no.</summary>
internal sealed record HealthQuestion(string Path, string Word)
{
    public static readonly HealthQuestion Alive = new("/healthz", "alive");
    public static readonly HealthQuestion Ready = new("/readyz", "ready");
}

/// <summary>The outcome of a question: a code of <see cref="ExitCode"/> and the line that is printed.</summary>
internal sealed record HealthVerdict(int Code, string Line)
{
    public static HealthVerdict Unknown(string why) => new(ExitCode.Usage, $"darq: {why}");

    /// <summary>The answer's own words; null where it is no report of an admin endpoint.</summary>
    public static HealthVerdict? Read(HealthQuestion question, string body)
    {
        try
        {
            using var report = JsonDocument.Parse(body);
            var root = report.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(question.Word, out var yes))
            {
                return null;
            }

            return yes.ValueKind switch
            {
                JsonValueKind.True => new(ExitCode.Fine, question.Word),
                JsonValueKind.False => new(ExitCode.Damage, $"not {question.Word}: {Reasons(root)}"),
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Reasons(JsonElement report) =>
        report.TryGetProperty("reasons", out var reasons) && reasons.ValueKind == JsonValueKind.Array
            ? SafeText.Of(string.Join("; ", reasons.EnumerateArray().Select(reason => reason.ToString())))
            : "without a reason";
}
