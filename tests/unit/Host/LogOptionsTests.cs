using Darq.Component.Host;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Unit.Host;

/// <summary>What is taken for the level of the log.</summary>
public sealed class LogOptionsTests
{
    [Theory]
    [InlineData(null, LogLevel.Information)]
    [InlineData("", LogLevel.Information)]
    [InlineData("Debug", LogLevel.Debug)]
    [InlineData("WARNING", LogLevel.Warning)]
    [InlineData("none", LogLevel.None)]
    public void Each_level_is_taken_in_any_case(string? text, LogLevel level) => Assert.Equal(level, LogOptions.Read(_ => text));

    [Theory]
    [InlineData("verbose")]
    [InlineData("1")]
    [InlineData("Debug, Error")]
    public void Anything_else_is_refused_with_the_levels(string text) =>
        Assert.Equal(
            $"DARQ_LOG_LEVEL: \"{text}\" is not accepted; give one of Trace, Debug, Information, Warning, Error, Critical, None",
            Assert.Throws<SocketRefusedException>(() => LogOptions.Read(_ => text)).Message
        );
}
