using System.Text;

namespace Darq.Redis;

/// <summary>A function's reply: bytes, a list of replies, or nothing.</summary>
internal sealed class RedisReply
{
    private readonly byte[]? _bytes;

    private RedisReply(byte[]? bytes, IReadOnlyList<RedisReply> items) => (_bytes, Items) = (bytes, items);

    public static RedisReply Nothing { get; } = new(null, []);

    public IReadOnlyList<RedisReply> Items { get; }

    public bool IsNothing => _bytes is null;

    public ReadOnlyMemory<byte> Bytes => _bytes;

    public static RedisReply Of(byte[] bytes) => new(bytes, []);

    public static RedisReply Of(IReadOnlyList<RedisReply> items) => new(null, items);

    public override string ToString() => _bytes is null ? "" : Encoding.UTF8.GetString(_bytes);
}
