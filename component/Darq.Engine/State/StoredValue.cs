using System.Buffers.Text;
using System.Text;
using Darq.Engine.Core;

namespace Darq.Engine.State;

/// <summary>A value as state.lua stores it: <c>&lt;etag&gt; &lt;expiry in ms, 0 = none&gt; &lt;value&gt;</c>.</summary>
internal static class StoredValue
{
    /// <summary>False where another program wrote it.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> stored, out StateValue value)
    {
        value = default;
        var span = stored.Span;
        var blank = span.IndexOf((byte)' ');
        if (blank <= 0 || !Utf8Parser.TryParse(span[(blank + 1)..], out long expiry, out var digits))
        {
            return false;
        }

        var etag = Encoding.Latin1.GetString(span[..blank]);
        var end = blank + 1 + digits;
        if (!Position.TryParse(etag, out _) || end >= span.Length || span[end] != (byte)' ')
        {
            return false;
        }

        value = new(stored[(end + 1)..], etag, expiry == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(expiry));
        return true;
    }
}
