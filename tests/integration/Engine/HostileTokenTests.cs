using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>A token comes from an app, which may send anything.</summary>
public sealed class HostileTokenTests : EngineTests
{
    [Theory]
    [InlineData("darq.token", "s:64:1-1:1:g:t:m")]
    [InlineData("darq.token", "s:2147483647:1-1:1:g:t:m")]
    [InlineData("darq.token", "s:1:1-1:1:g:t")]
    [InlineData("darq.token", "s:1:1-1:1:g:t:")]
    [InlineData("darq.token", "nonsense")]
    [InlineData("darq.consume", "[\"s:64:1-1:1:g:t:m\"]")]
    [InlineData("darq.consume", "[null]")]
    [InlineData("darq.consume", "[7]")]
    [InlineData("darq.consume", "{}")]
    public async Task A_token_that_is_none_of_ours_is_refused_and_the_next_call_goes_on(string name, string value)
    {
        var metadata = new Dictionary<string, string> { [name] = value };

        var refused = await Assert.ThrowsAsync<DarqException>(async () => await Run.StepExecutor.TransactAsync([], metadata, default));

        Assert.Equal(ErrorCode.Invalid, refused.Code);
        Assert.NotEqual("", (await Run.PublishAsync("t", "x")).Id);
    }

    [Fact]
    public async Task A_token_of_a_session_that_never_was_is_fenced()
    {
        var metadata = new Dictionary<string, string> { ["darq.token"] = "s:1:1-1:1:g:t:m" };

        var refused = await Assert.ThrowsAsync<DarqException>(async () => await Run.StepExecutor.TransactAsync([], metadata, default));

        Assert.Equal(ErrorCode.Fenced, refused.Code);
    }
}
