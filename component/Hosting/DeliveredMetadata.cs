using System.Globalization;
using System.Text;

namespace Darq.Hosting;

/// <summary>
/// Metadata as it goes to an app, where every entry becomes an HTTP header or gRPC metadata. One name or value that cannot
/// be a header would make the sidecar fail this delivery for ever, and publishers may send anything.
/// </summary>
internal static class DeliveredMetadata
{
    /// <summary>Names that mean something to the connection between sidecar and app; content-length even cuts a binding's body.</summary>
    private static readonly HashSet<string> Forbidden = new(StringComparer.OrdinalIgnoreCase)
    {
        "connection", "content-encoding", "content-length", "content-type", "dapr-api-token", "expect", "host", "http2-settings", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    };

    /// <summary>What can be delivered: bad names are left out, in values whatever a header cannot hold is percent-encoded. Of equal names the last counts.</summary>
    public static Dictionary<string, string> Clean(IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        Dictionary<string, string> clean = new(metadata.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in metadata)
        {
            if (IsName(name))
                clean[name] = CleanValue(value);
        }

        return clean;
    }

    // What both HTTP and gRPC take. A name that ends in -bin would be read as base64.
    private static bool IsName(string name) =>
        name.Length > 0
        && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
        && !name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase)
        && !Forbidden.Contains(name);

    private static string CleanValue(string value)
    {
        if (!value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return value;
        var clean = new StringBuilder(value.Length + 16);
        foreach (var rune in value.EnumerateRunes())
            Append(clean, rune);
        return clean.ToString();
    }

    private static void Append(StringBuilder clean, Rune rune)
    {
        if (rune.IsAscii && rune.Value is >= ' ' and <= '~')
        {
            clean.Append((char)rune.Value);
            return;
        }

        Span<byte> bytes = stackalloc byte[4];
        var length = rune.EncodeToUtf8(bytes);
        foreach (var octet in bytes[..length])
            clean.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
    }
}
