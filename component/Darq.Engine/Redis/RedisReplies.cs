using System.Text;
using RESPite.Messages;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>
/// Reads the client's raw replies once, from the client's buffer into the callers' types. The client's own result trees would be
/// built only to be copied.
/// </summary>
internal static class RedisReplies
{
    public static RedisReply Reply(RespResult result)
    {
        var reader = result.Read();
        return Reply(ref reader);
    }

    public static string? Text(RespResult result)
    {
        if (result.IsNull)
        {
            return null;
        }

        var reader = result.Read();
        return reader.ReadString();
    }

    /// <summary>The answer of XRANGE.</summary>
    public static StreamEntry[] Entries(RespResult result)
    {
        var reader = result.Read();
        return reader.ReadPastArray(static (ref RespReader entry) => Entry(ref entry)) ?? [];
    }

    private static RedisReply Reply(ref RespReader reader)
    {
        if (reader.IsNull)
        {
            return RedisReply.Nothing;
        }

        return reader.IsScalar
            ? RedisReply.Of(reader.ReadByteArray()!)
            : RedisReply.Of(reader.ReadPastArray(static (ref RespReader item) => Reply(ref item))!);
    }

    private static StreamEntry Entry(ref RespReader reader)
    {
        if (reader.AggregateLength() != 2)
        {
            throw new FormatException("A stream entry is not a pair.");
        }

        var parts = reader.AggregateChildren();
        var id = parts.ReadOne(static (ref RespReader part) => part.ReadString()!);
        var fields = parts.ReadOne(static (ref RespReader part) => part.ReadPairArray(Name, Value, KeyValuePair.Create)!);
        return new(id, fields);
    }

    /// <summary>Field names are single letters, which need no new string.</summary>
    private static string Name(ref RespReader reader)
    {
        Span<byte> letter = stackalloc byte[1];
        if (!reader.ScalarLengthIs(1))
        {
            return reader.ReadString()!;
        }

        reader.CopyTo(letter);
        return letter[0] < 0x80 ? ((char)letter[0]).ToString() : Encoding.UTF8.GetString(letter);
    }

    private static ReadOnlyMemory<byte> Value(ref RespReader reader) => reader.ReadByteArray();
}
