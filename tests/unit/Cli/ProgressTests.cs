using Darq.Component.Cli.Output;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Cli;

public sealed class ProgressTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Short_look_says_nothing()
    {
        using var terminal = new StringWriter();
        using (var progress = new Progress(terminal, _time))
        {
            progress.Show("500 keys");
            _time.Advance(TimeSpan.FromSeconds(1.9));
            progress.Show("1,000 keys");
        }

        Assert.Equal("", terminal.ToString());
    }

    [Fact]
    public void Long_look_says_how_far_it_has_come_and_clears_its_line()
    {
        using var terminal = new StringWriter();
        using (var progress = new Progress(terminal, _time))
        {
            _time.Advance(TimeSpan.FromSeconds(2.1));
            progress.Show("1,000 keys");
            progress.Show("1,500 keys");
            _time.Advance(TimeSpan.FromSeconds(0.3));
            progress.Show("2 keys");
        }

        Assert.Equal("\r1,000 keys\r2 keys    \r      \r", terminal.ToString());
    }
}
