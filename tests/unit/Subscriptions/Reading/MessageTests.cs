using System.Text;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Reading;

public sealed class MessageTests
{
    [Fact]
    public void An_entry_is_read_as_it_was_written()
    {
        var message = Message.Read(
            3,
            Entry("5-6", ("i", "id"), ("k", "key"), ("d", "data"), ("m", """{"a":"b"}"""), ("t", "1"), ("x", "99"), ("y", "4"), ("l", "8"))
        );

        Assert.Equal(
            ("id", "key", 99L, new(5, 6), new(5, 8)),
            (message.Id, message.Key, message.ExpiryMs, message.StreamId, message.Position)
        );
        Assert.Equal("data", Encoding.UTF8.GetString(message.Data.Span));
        Assert.Equal([new("a", "b")], message.ParseMetadata());
    }

    [Fact]
    public void Without_an_expiry_a_message_never_expires() =>
        Assert.Equal(long.MaxValue, Message.Read(0, Entry("1-1", ("i", "id"), ("d", ""), ("x", ""), ("l", "1"))).ExpiryMs);

    [Fact]
    public void An_entry_without_data_is_none_of_ours() =>
        Assert.Throws<FormatException>(() => Message.Read(0, Entry("1-1", ("i", "id"), ("l", "1"))));

    [Fact]
    public void An_entry_without_an_id_is_none_of_ours() =>
        Assert.Throws<FormatException>(() => Message.Read(0, Entry("1-1", ("d", "x"), ("l", "1"))));

    [Fact]
    public void An_entry_without_a_position_is_none_of_ours() =>
        Assert.Throws<FormatException>(() => Message.Read(0, Entry("1-1", ("i", "id"), ("d", "x"))));

    [Fact]
    public void A_queued_message_is_read_as_it_was_packed_whatever_its_bytes_are()
    {
        var message = Message.Unpack(3, new(5, 6), Encoding.UTF8.GetBytes("i2:idk4:a:1bd6:d9:\0\r\nm0:t1:1x2:99l1:8"));

        Assert.Equal(
            ("id", "a:1b", 99L, new(5, 6), new(5, 8)),
            (message.Id, message.Key, message.ExpiryMs, message.StreamId, message.Position)
        );
        Assert.Equal("d9:\0\r\n", Encoding.UTF8.GetString(message.Data.Span));
    }

    [Theory]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("d5:abc")]
    [InlineData("d-1:")]
    [InlineData("d1:xl")]
    [InlineData("d99999999999:x")]
    [InlineData("i2:idl1:8")]
    public void A_damaged_queued_message_is_none_of_ours(string body) =>
        Assert.Throws<FormatException>(() => Message.Unpack(0, new(1, 1), Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_member_of_a_retry_queue_ends_with_the_key_whatever_is_in_it()
    {
        Assert.True(RetryQueueEntry.TryParse("5-6 1700000000000 3 a key 9", out var entry));
        Assert.Equal(new RetryQueueEntry(new(5, 6), 1_700_000_000_000, 3, "a key 9"), entry);
        Assert.True(RetryQueueEntry.TryParse("5-6 0 0 ", out entry));
        Assert.Equal("", entry.Key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5-6 1 2")]
    [InlineData("56 1 2 k")]
    [InlineData("5-6 soon 2 k")]
    [InlineData("5-6 1 -2 k")]
    public void A_damaged_member_of_a_retry_queue_is_none_of_ours(string member) => Assert.False(RetryQueueEntry.TryParse(member, out _));

    private static StreamEntry Entry(string id, params (string Name, string Value)[] fields) =>
        new(
            id,
            [.. fields.Select(field => new KeyValuePair<string, ReadOnlyMemory<byte>>(field.Name, Encoding.UTF8.GetBytes(field.Value)))]
        );
}
