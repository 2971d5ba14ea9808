using System.Text;
using System.Text.Json;

namespace Darq.Testing.Apps;

internal enum VerdictKind
{
    Taken,
    Failed,
    Dropped,
}

/// <summary>What a sidecar makes of an app's answer to a delivery, and the answer in short.</summary>
internal sealed record Verdict(VerdictKind Kind, string Text)
{
    private const int LongestText = 2000;

    public static async Task<Verdict> OfAsync(HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
        var status = (int)answer.StatusCode;
        var text = Encoding.UTF8.GetString(body).Trim();
        var shown = text.Length == 0 ? $"{status}" : $"{status} {text[..Math.Min(text.Length, LongestText)]}";
        return status switch
        {
            404 => new(VerdictKind.Dropped, shown),
            < 200 or >= 300 => new(VerdictKind.Failed, shown),
            _ => new(KindOf(body), shown),
        };
    }

    /// <summary>The handler threw, which a server answers with 500.</summary>
    public static Verdict Of(Exception thrown)
    {
        var text = thrown.ToString();
        return new(VerdictKind.Failed, "500 " + text[..Math.Min(text.Length, LongestText)]);
    }

    /// <summary>With what the app logged of the delivery, where it failed and its answer does not say so itself.</summary>
    public Verdict With(DeliveryFailures.Failure? logged)
    {
        if (
            Kind == VerdictKind.Taken
            || logged is null
            || logged.Thrown is { } told && Text.Contains(told.Message, StringComparison.Ordinal)
        )
        {
            return this;
        }

        var text = logged.Thrown is { } thrown ? $"{Text} {logged.Line} {thrown}" : $"{Text} {logged.Line}";
        return this with { Text = text[..Math.Min(text.Length, LongestText)] };
    }

    // A body that is not the JSON expected counts as a success: apps answer all kinds of things.
    private static VerdictKind KindOf(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return StatusOf(document.RootElement) switch
            {
                "" or "SUCCESS" => VerdictKind.Taken,
                "DROP" => VerdictKind.Dropped,
                _ => VerdictKind.Failed,
            };
        }
        catch (JsonException)
        {
            return VerdictKind.Taken;
        }
    }

    // A sidecar takes the name in any case, and a status that is no text for none.
    private static string StatusOf(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object
        && answer.EnumerateObject().LastOrDefault(member => member.Name.Equals("status", StringComparison.OrdinalIgnoreCase)).Value
            is { ValueKind: JsonValueKind.String } status
            ? status.GetString()!
            : "";
}
