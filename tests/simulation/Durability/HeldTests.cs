using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Testing.Server;
using Darq.Tests.Simulation.Fixtures;
using Darq.Tests.Simulation.Transfers;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>Once Redis has lost what it had confirmed, nothing goes outside until an operator accepts that.</summary>
public sealed class HeldTests : UnconfirmedWorld
{
    public const int LastSeed = 20;

    private const string Held = "UNAVAILABLE: Redis has lost writes of world-line ";
    private static readonly (string, string) Speculative = ("darq.ack", "speculative");

    private readonly SimulatedEngine _engine;

    public HeldTests()
    {
        Follow(true);
        _engine = Start();
    }

    [Fact]
    public void Nothing_is_released_between_a_broken_promise_and_its_acceptance() =>
        Assert.Null(Seeds.FirstFailure(1, LastSeed, HeldDrill.Judge));

    [Fact]
    public void Drills_break_promises()
    {
        var broken = 0;
        for (var seed = 1; seed <= 10; seed++)
        {
            using var drill = new HeldDrill(seed);
            drill.Run();
            broken += drill.Broken;
        }

        Assert.True(broken >= 15, $"{broken} broken promises in 10 drills");
    }

    [Fact]
    public void A_loss_of_what_was_confirmed_is_held()
    {
        Break();

        Assert.StartsWith(Held, _engine.Publish("t", "1"), StringComparison.Ordinal);
        Assert.StartsWith(Held, _engine.Write("k", "1"), StringComparison.Ordinal);
        Assert.StartsWith("UNAVAILABLE", Read(_engine, AckLevel.Durable), StringComparison.Ordinal);
        Assert.Contains($"--accepts-loss {_engine.Primary.Hold.WorldLine} ", _engine.Primary.Status.WhyStalled, StringComparison.Ordinal);
        Assert.True(_engine.Primary.Hold.WorldLine < _engine.Primary.WorldLine);
    }

    [Fact]
    public void A_loss_of_what_was_not_confirmed_is_not()
    {
        Follow(false);
        var unconfirmed = World.Server.JournaledCalls;
        Assert.Equal("OK", _engine.Publish("t", "1", Speculative));
        World.LoseSince(unconfirmed);
        Follow(true);
        World.Run(seconds: 10);

        Assert.Equal("OK", _engine.Publish("t", "1"));
        Assert.Null(_engine.Primary.Status.WhyStalled);
    }

    [Fact]
    public void Whoever_asks_for_less_goes_on()
    {
        Break();

        Assert.Equal("OK", _engine.Publish("t", "1", Speculative));
        Assert.Equal("there", Read(_engine, AckLevel.Speculative));
    }

    [Fact]
    public void An_answer_that_was_waited_for_is_not_given()
    {
        Assert.Equal("OK", _engine.Publish("t", "confirmed"));
        var kept = World.Server.JournaledCalls;
        Assert.Equal("OK", _engine.Publish("t", "lost"));
        Follow(false);
        var outcomes = new List<string>();
        _engine.Do(() => _ = ReadAsync());
        World.Run(seconds: 0.2);
        Assert.Empty(outcomes);

        World.LoseSince(kept);
        Follow(true);
        World.Run(seconds: 10);

        Assert.StartsWith("UNAVAILABLE", Assert.Single(outcomes), StringComparison.Ordinal);

        async Task ReadAsync()
        {
            try
            {
                await _engine.State.GetAsync([new("k")], AckLevel.Durable, default);
                outcomes.Add("OK");
            }
            catch (DarqException refused)
            {
                outcomes.Add(refused.Message);
            }
        }
    }

    [Fact]
    public void Nothing_is_delivered_but_to_whoever_takes_it_applied()
    {
        var (durable, applied) = (new Inbox { Acknowledges = true }, new Inbox { Acknowledges = true });
        _engine.Attach("t", durable);
        _engine.Attach("applied", applied, new() { Concurrent = true, ReleaseAt = ReleaseAt.Applied });
        World.Run(seconds: 3);
        Break();
        foreach (var topic in new[] { "t", "applied" })
        {
            Assert.Equal("OK", _engine.Publish(topic, "1", Speculative));
        }

        World.Run(seconds: 30);

        Assert.Equal((0, 1), (durable.Count, applied.Count));
        Assert.Contains(applied.Last.Metadata, pair => pair is { Key: "darq-durable", Value: "false" });
        Accept();
        World.Await(() => durable.Count == 1, 10, "the message is delivered once the loss is accepted");
    }

    [Fact]
    public void Messages_that_survived_are_held_too()
    {
        var inbox = new Inbox();
        var stream = _engine.Attach("t", inbox);
        World.Run(seconds: 3);
        Assert.Equal("OK", _engine.Publish("t", "1"));
        World.Await(() => inbox.Count == 1, 5, "the message is delivered");
        Break();

        _engine.Do(() => stream.Nack(inbox.Last.Token));
        World.Run(seconds: 30);

        Assert.Equal(1, inbox.Count);
        Accept();
        World.Await(() => inbox.Count == 2, 10, "the message comes again once the loss is accepted");
        _engine.Do(() => stream.Ack(inbox.Last.Token));
    }

    [Fact]
    public void A_barrier_waits_until_it_is_accepted()
    {
        Break();
        var barrier = new DurabilityBarrier(_engine.Primary, World.OnePartition with { Durability = new(DurabilityKind.Replicated, 1) });
        BarrierEnd? end = null;
        _engine.Do(() => _ = PassAsync());
        World.Run(seconds: 20);
        Assert.Null(end);

        Accept();

        World.Await(() => end is not null, 10, "the barrier is passed");
        Assert.True(end!.Durable);

        async Task PassAsync() => end = await barrier.PassAsync([], TimeSpan.FromMinutes(1), default);
    }

    [Fact]
    public void All_processes_hold_those_that_start_later_at_once()
    {
        var other = Start();
        Break();
        Assert.StartsWith(Held, Start().Publish("t", "1"), StringComparison.Ordinal);
        World.Run(seconds: 2);
        Assert.StartsWith(Held, other.Publish("t", "2"), StringComparison.Ordinal);

        Accept();
        World.Run(seconds: 6);

        Assert.Equal("OK", other.Publish("t", "3"));
        Assert.Equal("OK", _engine.Publish("t", "4"));
        Assert.Equal("OK", Start().Publish("t", "5"));
    }

    [Fact]
    public void What_a_process_had_read_before_it_heard_of_the_loss_is_held()
    {
        var (other, inbox) = (Start(), new Inbox());
        var stream = other.Attach("t", inbox, new() { Concurrent = true, MaxInFlight = 1 });
        World.Run(seconds: 3);
        foreach (var text in new[] { "1", "2", "3" })
        {
            Assert.Equal("OK", other.Publish("t", text));
        }

        World.Await(() => inbox.Count == 1, 5, "the first is delivered, and the app takes one at a time");
        Break();
        World.Run(seconds: 6);

        other.Do(() => stream.Ack(inbox.Last.Token));
        World.Run(seconds: 30);
        Assert.Equal(1, inbox.Count);
        inbox.Acknowledges = true;
        Accept();
        World.Await(() => inbox.Texts.ToHashSet().SetEquals(["1", "2", "3"]), 10, "all are delivered once the loss is accepted");
    }

    [Fact]
    public void Whoever_comes_late_does_not_hold_an_accepted_loss_again()
    {
        var other = Start();
        Assert.Equal("OK", _engine.Write("k", "there"));
        var kept = World.Server.JournaledCalls;
        Assert.Equal("OK", _engine.Write("k", "gone"));
        Assert.Equal("gone", Read(other, AckLevel.Durable));
        other.Redis.IsAway = true;
        World.LoseSince(kept);
        World.Run(seconds: 10);
        Accept();
        World.Run(seconds: 6);
        World.LoseSince(World.Server.JournaledCalls);
        World.Run(seconds: 6);

        other.Redis.IsAway = false;
        World.Run(seconds: 10);

        Assert.Equal("OK", other.Publish("t", "1"));
        Assert.Equal("OK", _engine.Publish("t", "2"));
    }

    [Fact]
    public void A_step_that_consumes_nothing_is_refused_before_it_is_applied()
    {
        Break();

        var outcome = _engine.Ask(() => _engine.StepAsync("""{"state":[{"op":"upsert","key":"other","value":"1"}]}"""));

        Assert.StartsWith(Held, outcome, StringComparison.Ordinal);
        Accept();
        World.Run(seconds: 6);
        Assert.Null(_engine.Read("other"));
    }

    [Fact]
    public void An_acceptance_is_heard_of_though_the_server_got_its_first_replica_meanwhile()
    {
        Break();
        World.Server.ChangeReplicationId();
        Accept();

        World.Run(seconds: 8);

        Assert.Equal("OK", _engine.Publish("t", "1"));
    }

    [Fact]
    public void A_server_that_refuses_writes_is_still_followed()
    {
        var engine = World.Start(World.OnePartition with { Durability = new(DurabilityKind.Auto) });
        World.Server.ServerError = ServerError.DiskError;
        Follow(false);

        World.Run(seconds: 12);

        Assert.Equal(DurabilityKind.Reply, engine.Primary.Watermark.Rung.Level.Kind);
        World.Server.ServerError = null;
    }

    [Fact]
    public void A_process_that_promises_nothing_holds_nothing()
    {
        Break();

        Assert.Equal("OK", World.Start().Publish("t", "1"));
    }

    [Fact]
    public void Restarts_and_losses_of_the_note_change_nothing()
    {
        var before = World.Server.JournaledCalls;
        Break();
        World.LoseSince(before);
        World.Run(seconds: 10);

        Assert.StartsWith(Held, _engine.Publish("t", "1"), StringComparison.Ordinal);
        Assert.StartsWith(Held, Start().Publish("t", "2"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_acceptance_that_Redis_loses_is_known_to_those_who_heard_of_it()
    {
        Break();
        var before = World.Server.JournaledCalls;
        Accept();
        World.Run(seconds: 6);
        Follow(false);
        World.LoseSince(before);
        Follow(true);
        World.Run(seconds: 10);

        Assert.Equal("OK", _engine.Publish("t", "1"));
        Assert.Equal("OK", Start().Publish("t", "2"));
    }

    [Fact]
    public void Data_that_an_operator_replaced_are_not_held()
    {
        var identity = World.Cli("HGET", "{sim}:ns", "id");
        Break();
        World.Server.Stop();
        foreach (var key in World.Server.KeyNames.ToArray())
        {
            World.Cli("DEL", key);
        }

        World.Cli("HSET", "{sim}:ns", "id", "other", "p", "1", "f", "2", "old", identity);
        _engine.Redis.FailsToDescribe = true;
        World.Server.Restart();
        World.Run(seconds: 20);

        Assert.False(_engine.Redis.FailsToDescribe);
        Assert.Equal("OK", _engine.Publish("t", "1"));
        Assert.Equal("", World.Cli("HGET", "{sim}:ns", "broken"));
    }

    [Fact]
    public void A_second_loss_is_held_anew()
    {
        Break();
        var first = _engine.Primary.Hold.WorldLine;
        Accept();
        World.Run(seconds: 6);
        Break();

        Assert.StartsWith(Held, _engine.Publish("t", "1"), StringComparison.Ordinal);
        Assert.True(_engine.Primary.Hold.WorldLine > first);
    }

    [Fact]
    public void A_level_that_asks_for_no_rounds_is_held_too()
    {
        World.Server.Durability = new() { AppendOnly = true, AppendFsync = "always" };
        var engine = World.Start(World.OnePartition with { Durability = new(DurabilityKind.Fsync) });
        var inbox = new Inbox { Acknowledges = true };
        engine.Attach("t", inbox);
        World.Run(seconds: 3);
        var before = World.Server.JournaledCalls;
        Assert.Equal("OK", engine.Publish("other", "1"));
        World.LoseSince(before);
        World.Run(seconds: 10);

        Assert.StartsWith(Held, engine.Publish("t", "1"), StringComparison.Ordinal);
        Assert.Equal("OK", engine.Publish("t", "2", Speculative));
        World.Run(seconds: 10);
        Assert.Equal(0, inbox.Count);
        Accept();
        World.Await(() => inbox.Count == 1, 10, "the message is delivered once the loss is accepted");
        Assert.Equal("OK", engine.Publish("t", "3"));
    }

    /// <summary>A write is answered as durable, and Redis comes back without it.</summary>
    private void Break()
    {
        Assert.Equal("OK", _engine.Write("k", "there"));
        var kept = World.Server.JournaledCalls;
        Assert.Equal("OK", _engine.Write("k", "gone"));
        World.LoseSince(kept);
        World.Await(() => _engine.Primary.Ready && _engine.Primary.IsHeld, 10, "it is noticed");
    }

    private void Accept() => World.Cli("HSET", "{sim}:ns", "accepted", World.Cli("HGET", "{sim}:ns", "broken"));

    private static string Read(SimulatedEngine engine, AckLevel ack) =>
        engine.Ask(async () =>
        {
            try
            {
                return Encoding.UTF8.GetString((await engine.State.GetAsync([new("k")], ack, default))[0].Data.Span);
            }
            catch (DarqException refused)
            {
                return refused.Message;
            }
        });
}
