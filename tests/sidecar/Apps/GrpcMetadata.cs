using System.Buffers;
using System.Text;
using Darq.Tests.Shared.GrpcClient;
using Grpc.Core;

namespace Darq.Sidecar.Apps;

/// <summary>
/// A message's metadata as that of the call to the app, as Go's gRPC library makes it: keys become lower case, reserved ones are left
/// out, and a key or value that gRPC does not allow makes the whole call fail.
/// </summary>
internal static class GrpcMetadata
{
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("-_.0123456789abcdefghijklmnopqrstuvwxyz");

    private static readonly HashSet<string> Reserved =
    [
        "content-type",
        "content-length",
        "user-agent",
        "grpc-message-type",
        "grpc-encoding",
        "grpc-message",
        "grpc-status",
        "grpc-timeout",
        "grpc-status-details-bin",
        "te",
        "dapr-api-token",
    ];

    /// <summary>Throws <see cref="GrpcCallException"/> with Go's complaint about the first entry that is impossible.</summary>
    public static Metadata Of(IEnumerable<KeyValuePair<string, string>> metadata, string? token)
    {
        var result = new Metadata();
        foreach (var (name, value) in metadata)
        {
            var key = name.ToLowerInvariant();
            if (Reserved.Contains(key) || key.StartsWith(':'))
            {
                continue;
            }

            Check(key, value);
            result.Add(key.EndsWith("-bin", StringComparison.Ordinal) ? new(key, Encoding.UTF8.GetBytes(value)) : new(key, value));
        }

        if (token is { Length: > 0 })
        {
            result.Add("dapr-api-token", token);
        }

        return result;
    }

    private static void Check(string key, string value)
    {
        var complaint =
            key.Length == 0 ? "there is an empty key in the header"
            : key.AsSpan().ContainsAnyExcept(KeyCharacters) ? $"header key \"{key}\" contains illegal characters not in [0-9a-z-_.]"
            : key.EndsWith("-bin", StringComparison.Ordinal) || !value.AsSpan().ContainsAnyExceptInRange(' ', '~') ? null
            : $"header key \"{key}\" contains value with non-printable ASCII characters";
        if (complaint is not null)
        {
            throw new GrpcCallException(new(GrpcCode.Internal, complaint));
        }
    }
}
