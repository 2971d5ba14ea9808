using System.Text;
using Darq.Engine.State;
using Xunit;

namespace Darq.Tests.Unit.State;

public sealed class StoredValueTests
{
    [Theory]
    [InlineData("1700000000000-42 0 v", "v", "1700000000000-42", null)]
    [InlineData("1-2 0 ", "", "1-2", null)]
    [InlineData("1-2 1700000000000  a b", " a b", "1-2", 1_700_000_000_000L)]
    public void What_state_lua_stored_is_read(string stored, string data, string etag, long? expires)
    {
        Assert.True(StoredValue.TryParse(Encoding.UTF8.GetBytes(stored), out var value));

        Assert.Equal((data, etag), (Encoding.UTF8.GetString(value.Data.Span), value.ETag));
        Assert.Equal(expires, value.Expires?.ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData("")]
    [InlineData("damaged")]
    [InlineData("!WRONGTYPE Operation against a key holding the wrong kind of value")]
    [InlineData("1-2 v")]
    [InlineData("1-2 0")]
    [InlineData("1-2 0x")]
    [InlineData("1-2  v")]
    [InlineData("12 0 v")]
    public void What_another_program_stored_is_recognised(string stored) =>
        Assert.False(StoredValue.TryParse(Encoding.UTF8.GetBytes(stored), out _));
}
