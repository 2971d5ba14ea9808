namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// Call metadata in the order it was added; a key may come more than once. Values of keys that end in <c>-bin</c> are bytes and travel
/// as base64 without padding.
/// </summary>
internal sealed class GrpcMetadata
{
    private readonly List<KeyValuePair<string, string>> _entries = [];

    public IReadOnlyList<KeyValuePair<string, string>> Entries => _entries;

    public GrpcMetadata Add(string key, string value)
    {
        _entries.Add(new(key.ToLowerInvariant(), value));
        return this;
    }

    public GrpcMetadata Add(string key, byte[] value) => Add(key, Convert.ToBase64String(value).TrimEnd('='));

    /// <summary>The last value of a key, or null.</summary>
    public string? Last(string key)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
            if (_entries[i].Key == key)
                return _entries[i].Value;
        return null;
    }

    /// <summary>The last value of a <c>-bin</c> key, decoded; null if it is absent or no base64.</summary>
    public byte[]? LastBytes(string key) => Last(key) is { } text ? Decode(text) : null;

    internal static byte[]? Decode(string text)
    {
        var padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, bytes, out var count) ? bytes[..count] : null;
    }
}
