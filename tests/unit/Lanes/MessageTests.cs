using System.Text;
using Darq.Lanes;
using Darq.Redis;
using Xunit;

namespace Darq.Tests.Unit.Lanes;

public sealed class MessageTests
{
    [Fact]
    public void An_entry_is_read_as_it_was_written()
    {
        var message = Message.Read(3, Entry("5-6", ("i", "id"), ("k", "key"), ("d", "data"), ("m", """{"a":"b"}"""), ("t", "1"), ("x", "99"), ("y", "4"), ("l", "8")));

        Assert.Equal(("id", "key", 99L, new(5, 6), new(5, 8)), (message.Id, message.Key, message.ExpiryMs, message.StreamId, message.Position));
        Assert.Equal("data", Encoding.UTF8.GetString(message.Data.Span));
        Assert.Equal([new("a", "b")], message.ParseMetadata());
    }

    [Fact]
    public void Without_an_expiry_a_message_never_expires() => Assert.Equal(long.MaxValue, Message.Read(0, Entry("1-1", ("d", ""), ("x", ""), ("l", "1"))).ExpiryMs);

    [Fact]
    public void An_entry_without_data_is_none_of_ours() => Assert.Throws<FormatException>(() => Message.Read(0, Entry("1-1", ("l", "1"))));

    [Fact]
    public void An_entry_without_a_position_is_none_of_ours() => Assert.Throws<FormatException>(() => Message.Read(0, Entry("1-1", ("d", "x"))));

    private static StreamEntry Entry(string id, params (string Name, string Value)[] fields) =>
        new(id, [.. fields.Select(field => new KeyValuePair<string, ReadOnlyMemory<byte>>(field.Name, Encoding.UTF8.GetBytes(field.Value)))]);
}
