using Darq.Engine.State;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Connection;

/// <summary>A session goes on over a crash of Redis as long as Redis has all batches that it answered.</summary>
public sealed class SessionTests : IDisposable
{
    private readonly World _world = new();
    private readonly SimulatedEngine _engine;

    public SessionTests()
    {
        _engine = _world.Start();
        Assert.Equal(["OK", "OK"], [_engine.Write("k", "1"), _engine.Write("k", "2")]);
    }

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void Session_whose_answered_batches_are_lost_is_replaced_before_it_sends_another(int lost, bool isReplaced)
    {
        var session = _engine.Session;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("OK", _engine.Write("k", $"{i}"));
        }

        _world.LoseSince(_world.Server.JournaledCalls - lost);
        _world.Run(seconds: 5);

        Assert.Equal(isReplaced, _engine.Session != session);
        Assert.Equal("OK", _engine.Write("k", "later"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Session_whose_last_batch_has_no_answer_yet_goes_on(int lost)
    {
        var session = _engine.Session;
        _engine.Redis.LoseNextReply();
        string? outcome = null;
        var before = _world.Server.JournaledCalls;
        _engine.Do(() => _ = WriteAsync());
        _world.Await(() => _world.Server.JournaledCalls > before, 5, "the batch is executed");

        _world.LoseSince(_world.Server.JournaledCalls - lost);
        _world.Await(() => outcome is not null, 20, "the batch is answered");

        Assert.Equal(("OK", session), (outcome, _engine.Session));
        Assert.Equal("in doubt", _engine.Read("doubt"));

        async Task WriteAsync()
        {
            await _engine.State.ApplyAsync(
                new StateOperation(StateChange.Upsert, new("doubt")) { Value = "in doubt"u8.ToArray() },
                default
            );
            outcome = "OK";
        }
    }

    [Fact]
    public void Message_that_comes_after_answered_batches_were_lost_is_delivered_once()
    {
        var inbox = new Inbox { Acknowledges = true };
        _engine.Attach("t", inbox);
        _world.Run(seconds: 3);
        var other = _world.Start();
        _world.Run(seconds: 3);
        var before = _world.Server.JournaledCalls;
        Assert.Equal(["OK", "OK"], [_engine.Write("k", "lost"), _engine.Write("k", "lost too")]);
        _world.LoseSince(before);
        _world.Run(seconds: 5);

        Assert.Equal("OK", other.Publish("t", "1"));
        _world.Run(seconds: 10);

        Assert.Equal(["1"], inbox.Texts);
    }
}
