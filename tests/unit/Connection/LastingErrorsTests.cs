using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Connection;

/// <summary>What is said of a Redis that answers with an error that passes.</summary>
public sealed class LastingErrorsTests : IAsyncDisposable
{
    private static readonly RedisRefusedException Busy = new("BUSY", "BUSY a script runs");
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordedLog _log = new();
    private readonly AnyRedis _redis = new();
    private readonly LastingErrors _lasting;

    public LastingErrorsTests() => _lasting = new(_redis, _time, _log);

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public void It_is_told_once_however_often_it_is_met_and_once_when_it_is_over()
    {
        Refuse(Busy, times: 100);

        var line = Assert.Single(_log.Lines);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.Contains("BUSY a script runs", line.Text, StringComparison.Ordinal);
        _lasting.Watch();
        Assert.Single(_log.Lines);

        _time.Advance(TimeSpan.FromSeconds(2));
        _lasting.Watch();
        _lasting.Watch();

        Assert.Equal(2, _log.Lines.Count);
        Assert.Contains("BUSY lasted 00:00:07", _log.Lines.Last().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_error_is_told_too()
    {
        Refuse(Busy);
        Refuse(new("MISCONF", "MISCONF no space"));

        Assert.Equal(2, _log.Lines.Count);
    }

    [Fact]
    public void It_is_described_while_it_lasts()
    {
        Assert.Null(_lasting.Describe());
        Refuse(Busy, times: 100);
        Assert.Equal("Redis at stub:6379 has refused calls for 5 s (BUSY a script runs)", _lasting.Describe());

        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Null(_lasting.Describe());
    }

    private void Refuse(RedisRefusedException refused, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            _lasting.Note(refused);
            _time.Advance(Pause);
        }
    }

    private sealed class AnyRedis : StubRedis { }
}
