using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Connection;

/// <summary>What is said of a Redis that is not there.</summary>
public sealed class OutageTests : IAsyncDisposable
{
    private const string Never = "No Redis has answered at stub:6379 since start (connection refused); check redisHost";
    private const string Away = "Redis at stub:6379 is away (connection refused); the component keeps trying";

    private static readonly Exception Fault = new RedisUnavailableException("No connection");

    private readonly FakeTimeProvider _time = new();
    private readonly RecordedLog _log = new();
    private readonly AwayRedis _redis = new();
    private readonly Outage _outage;

    public OutageTests() => _outage = new(_redis, _time, _log);

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public void A_Redis_that_never_answered_is_told_from_one_that_is_lost()
    {
        Assert.Equal("No Redis has answered at stub:6379 since start (connecting); check redisHost", _outage.Describe());
        _redis.WhyAway = "connection refused";
        Assert.Equal(Never, _outage.Describe());

        _outage.Answered();

        Assert.Equal(Away, _outage.Describe());
    }

    [Fact]
    public void The_first_attempt_is_over_when_it_failed_or_Redis_answered()
    {
        Assert.True(_outage.IsFirstAttempt);
        _redis.WhyAway = "connection refused";
        Assert.False(_outage.IsFirstAttempt);

        _redis.WhyAway = null;
        _outage.Answered();

        Assert.False(_outage.IsFirstAttempt);
    }

    [Fact]
    public void A_server_that_answered_and_cannot_be_used_yet_is_not_called_one_that_never_answered()
    {
        _outage.Failed(new RedisUnavailableException("the server is a replica") { HasAnswered = true });

        Assert.Equal("Redis at stub:6379 is away (the server is a replica); the component keeps trying", _outage.Describe());
    }

    [Fact]
    public void An_outage_is_logged_at_once_and_then_every_30_seconds()
    {
        _redis.WhyAway = "connection refused";

        for (var second = 0; second <= 61; second++)
        {
            _outage.Failed(Fault);
            _outage.Watch();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, _log.Lines.Count);
        Assert.All(_log.Lines, line => Assert.Equal(LogLevel.Warning, line.Level));
        Assert.All(_log.Lines, line => Assert.StartsWith(Never, line.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_next_outage_is_logged_at_once()
    {
        _redis.WhyAway = "connection refused";
        _outage.Failed(Fault);
        _outage.Answered();

        _outage.Watch();

        Assert.Equal(
            "Lost the connection to Redis at stub:6379 (connection refused); calls answer Unavailable, streams stay open, and the component "
                + "keeps trying",
            _log.Lines.Last().Text
        );
    }

    [Fact]
    public void Nothing_is_said_while_the_first_attempt_is_under_way()
    {
        _outage.Watch();

        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void A_reply_that_did_not_come_in_time_is_a_reason_of_its_own()
    {
        _outage.Failed(new RedisUnavailableException("long text", new TimeoutException()));

        Assert.Contains("(no answer in time)", _outage.Describe(), StringComparison.Ordinal);
    }

    private sealed class AwayRedis : StubRedis
    {
        public override bool Connected => false;
    }
}
