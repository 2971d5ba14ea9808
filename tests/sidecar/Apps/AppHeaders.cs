using System.Buffers;

namespace Darq.Sidecar.Apps;

/// <summary>
/// A message's metadata as headers of the request to the app, as daprd and Go's HTTP client make them: some names are skipped, some
/// get a prefix, names become canonical, and a name or value that HTTP does not allow makes the whole delivery fail.
/// </summary>
internal static class AppHeaders
{
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    );

    private static readonly HashSet<string> Skipped = new(StringComparer.OrdinalIgnoreCase)
    {
        "content-type",
        "content-length",
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "destination-app-id",
        "host",
        "traceparent",
        "tracestate",
    };

    /// <summary>Adds the headers; returns null, or Go's complaint about the first that is impossible.</summary>
    public static string? Add(HttpRequestMessage request, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        foreach (var (key, value) in metadata)
        {
            if (Skipped.Contains(key) || key.EndsWith("-bin", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var name = Canonical(Renamed(key));
            if (!IsName(name))
            {
                return $"net/http: invalid header field name \"{name}\"";
            }

            if (
                value.AsSpan().ContainsAnyInRange('\0', '\b')
                || value.AsSpan().ContainsAnyInRange('\n', '\u001f')
                || value.Contains('\u007f', StringComparison.Ordinal)
            )
            {
                return $"net/http: invalid header field value for \"{name}\"";
            }

            Set(request, name, value);
        }
        return null;
    }

    public static void Set(HttpRequestMessage request, string name, string value)
    {
        request.Headers.Remove(name);
        if (request.Headers.TryAddWithoutValidation(name, value))
        {
            return;
        }
        // .NET keeps a few names, such as Expires, for the content only.
        request.Content!.Headers.Remove(name);
        request.Content.Headers.TryAddWithoutValidation(name, value);
    }

    /// <summary>Whether HTTP allows this as the name of a header.</summary>
    public static bool IsName(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyExcept(TokenCharacters);

    /// <summary>"x-my-key" becomes "X-My-Key"; a name that is no token stays as it is.</summary>
    public static string Canonical(string name)
    {
        if (name.AsSpan().ContainsAnyExcept(TokenCharacters))
        {
            return name;
        }

        return string.Create(
            name.Length,
            name,
            static (target, source) =>
            {
                var upper = true;
                for (var i = 0; i < source.Length; i++)
                {
                    target[i] = upper ? char.ToUpperInvariant(source[i]) : char.ToLowerInvariant(source[i]);
                    upper = source[i] == '-';
                }
            }
        );
    }

    private static string Renamed(string key)
    {
        if (key.StartsWith(':'))
        {
            return "dapr-" + key[1..];
        }

        return key.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase) ? "dapr-" + key : key;
    }
}
