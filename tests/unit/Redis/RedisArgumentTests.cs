using System.Text;
using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Redis;

public sealed class RedisArgumentTests
{
    [Fact]
    public void A_number_is_written_in_plain_digits() => Assert.Equal("-1700000000000", Text(-1_700_000_000_000L));

    [Fact]
    public void Text_is_written_as_utf8() => Assert.Equal([0xC3, 0xA9], ((RedisArgument)"é").ToBytes());

    [Fact]
    public void A_whole_array_is_not_copied()
    {
        var bytes = new byte[] { 1, 2, 3 };

        Assert.Same(bytes, ((RedisArgument)new ReadOnlyMemory<byte>(bytes)).ToBytes());
    }

    [Fact]
    public void A_slice_is_written_without_its_surroundings() =>
        Assert.Equal([2, 3], ((RedisArgument)new ReadOnlyMemory<byte>([1, 2, 3, 4], 1, 2)).ToBytes());

    [Fact]
    public void No_bytes_are_an_empty_argument() => Assert.Empty(((RedisArgument)default(ReadOnlyMemory<byte>)).ToBytes());

    private static string Text(RedisArgument argument) => Encoding.UTF8.GetString(argument.ToBytes());
}
