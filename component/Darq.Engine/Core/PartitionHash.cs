using System.Text;

namespace Darq.Engine.Core;

/// <summary>Which partition a key belongs to: FNV-1a, 64 bits, of its UTF-8 bytes. Fixed for ever by the data already stored.</summary>
internal static class PartitionHash
{
    public static int Of(string key, int partitions) => (int)(Of(key) % (ulong)partitions);

    public static ulong Of(string key)
    {
        // Limits keep keys short; a longer text takes its buffer from the heap.
        Span<byte> bytes =
            Encoding.UTF8.GetMaxByteCount(key.Length) <= 1024 ? stackalloc byte[1024] : new byte[Encoding.UTF8.GetByteCount(key)];
        var hash = 14695981039346656037UL;
        foreach (var b in bytes[..Encoding.UTF8.GetBytes(key, bytes)])
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        return hash;
    }

    /// <summary>The partition of a state key, by the text in its first braces, else by all of it: one rule for every operation.</summary>
    public static int OfState(string key, int partitions)
    {
        var open = key.IndexOf('{', StringComparison.Ordinal);
        var close = open < 0 ? -1 : key.IndexOf('}', open + 1);
        return Of(close > open + 1 ? key[(open + 1)..close] : key, partitions);
    }
}
