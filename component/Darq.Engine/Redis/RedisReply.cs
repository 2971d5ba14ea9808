using System.Text;

namespace Darq.Engine.Redis;

/// <summary>
/// A function's reply: bytes, a list of replies, or nothing. A struct, because a read returns three for every state.
/// </summary>
internal readonly struct RedisReply
{
    private readonly byte[]? _bytes;
    private readonly IReadOnlyList<RedisReply>? _items;

    private RedisReply(byte[]? bytes, IReadOnlyList<RedisReply>? items) => (_bytes, _items) = (bytes, items);

    public static RedisReply Nothing => default;

    public IReadOnlyList<RedisReply> Items => _items ?? [];

    public bool IsNothing => _bytes is null;

    public bool IsList => _items is not null;

    public ReadOnlyMemory<byte> Bytes => _bytes;

    public static RedisReply Of(byte[] bytes) => new(bytes, null);

    public static RedisReply Of(IReadOnlyList<RedisReply> items) => new(null, items);

    public override string ToString() => _bytes is null ? "" : Encoding.UTF8.GetString(_bytes);
}
