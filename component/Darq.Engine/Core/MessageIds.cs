using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Darq.Engine.Core;

/// <summary>
/// Ids of messages that come without one. An id is made before Redis knows the message, and stays with it through every delivery and
/// retry. Ids made here are unique by 63 random bits for each instance and a count.
/// </summary>
internal sealed class MessageIds(Random random)
{
    private const int DigestBytes = 15;
    private const int MaxMark = 64;
    private const int MaxOnStack = 768;

    private static readonly SearchValues<char> PlainMark = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    );

    private long _last;

    private readonly string _prefix = random.NextInt64().ToString("x16", CultureInfo.InvariantCulture) + "-";

    public string Next() => Take(1)[0];

    /// <summary>Takes ids whose numbers follow each other.</summary>
    public MessageIdRange Take(int count) => new(_prefix, Interlocked.Add(ref _last, count) - count + 1);

    /// <summary>
    /// An id as tokens and records of results name it: as it is where it is short and plain, else by its digest, which keeps tokens fit for
    /// headers.
    /// </summary>
    public static string MarkOf(string id) => id.Length <= MaxMark && !id.AsSpan().ContainsAnyExcept(PlainMark) ? id : "~" + DigestOf(id);

    /// <summary>
    /// What the ids of messages begin with that a group emits because of another message: a digest, because two groups may consume one
    /// message, two topics or partitions may have messages of one id, and an id that named all its causes would grow with every hop.
    /// </summary>
    /// <param name="group">The group that consumed the message; "" for a step that consumes none.</param>
    /// <param name="topic">The message's topic.</param>
    /// <param name="partition">The message's partition.</param>
    /// <param name="id">The message's id, or that of the step.</param>
    public static string OfCause(string group, string topic, int partition, string id) =>
        // Groups and topics have no control characters, so that no two causes read the same.
        DigestOf(string.Create(CultureInfo.InvariantCulture, $"{group}\0{topic}\0{partition}\0{id}"));

    private static string DigestOf(string text)
    {
        Span<byte> bytes = text.Length <= MaxOnStack / 3 ? stackalloc byte[MaxOnStack] : new byte[Encoding.UTF8.GetByteCount(text)];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(text, bytes)], digest);
        return Base64Url.EncodeToString(digest[..DigestBytes]);
    }
}

/// <summary>Ids that begin alike and end with numbers that follow each other from <paramref name="First"/>.</summary>
internal readonly record struct MessageIdRange(string Prefix, long First)
{
    public string this[int index] => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{First + index}");
}
