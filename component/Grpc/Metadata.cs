using Microsoft.Extensions.Primitives;

namespace Darq.Grpc;

/// <summary>
/// The headers or trailers of one call. Names are lower-case and may occur several times, in order; values whose name ends in
/// <c>-bin</c> are bytes and travel as base64. What arrived with a request is valid only as long as its call.
/// </summary>
internal sealed class Metadata
{
    private IHeaderDictionary? _headers;
    private bool _sent;

    public Metadata()
    {
    }

    /// <summary>Of a call that sent none; nothing can be added any more.</summary>
    public static Metadata Sent { get; } = new() { _sent = true };

    /// <summary>Reads a request's headers in place: most calls look at one or none of them.</summary>
    internal Metadata(IHeaderDictionary headers) => _headers = headers;

    public string? Last(string name)
    {
        if (IsBinary(name)) return All(name).LastOrDefault();
        var values = ValuesOf(name);
        return values.Count == 0 ? null : values[^1] ?? "";
    }

    public IEnumerable<string> All(string name)
    {
        var values = ValuesOf(name);
        // Intermediaries may join repeated binary values with commas, which base64 does not contain; text values may contain them.
        return IsBinary(name) ? values.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)) : values.Select(value => value ?? "");
    }

    public byte[]? LastBinary(string name)
    {
        if (Last(name) is not { } text)
            return null;
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out var length)
            ? bytes[..length]
            : throw new RpcException(StatusCode.InvalidArgument, $"The value of header '{name}' is not base64.");
    }

    public void Add(string name, string value)
    {
        if (IsBinary(name))
            throw new ArgumentException($"'{name}' ends in -bin and takes bytes.", nameof(name));
        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ArgumentException($"The value of '{name}' has characters that a header cannot carry; use a name ending in -bin.", nameof(value));
        Append(name, value);
    }

    public void Add(string name, byte[] value)
    {
        if (!IsBinary(name))
            throw new ArgumentException($"'{name}' does not end in -bin and takes text.", nameof(name));
        Append(name, Encode(value));
    }

    internal static string Encode(byte[] value) => Convert.ToBase64String(value).TrimEnd('=');

    /// <summary>Copies everything to where the server sends it from; additions after that would be lost and are refused.</summary>
    internal void Send(IHeaderDictionary destination)
    {
        _sent = true;
        if (_headers is null)
            return;
        foreach (var (name, values) in _headers)
            destination[name] = StringValues.Concat(destination[name], values);
    }

    private void Append(string name, string value)
    {
        if (_sent)
            throw new InvalidOperationException($"'{name}' comes too late: these headers have been sent.");
        if (!IsName(name))
            throw new ArgumentException($"'{name}' is not a header name: a-z, 0-9, '-', '_' and '.', and not the protocol's own grpc-.", nameof(name));
        _headers ??= new HeaderDictionary();
        _headers[name] = StringValues.Concat(_headers[name], value);
    }

    private StringValues ValuesOf(string name) => _headers?[name] ?? default;

    private static bool IsBinary(string name) => name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase);

    private static bool IsName(string name) =>
        name.Length > 0
        && !name.StartsWith("grpc-", StringComparison.Ordinal)
        && name.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character is '-' or '_' or '.');
}
