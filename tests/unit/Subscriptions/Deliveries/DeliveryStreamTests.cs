using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Tests.Shared;
using Darq.Tests.Unit.Connection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Deliveries;

/// <summary>How a stream writes what the core sends to it, and what becomes of faults of its peer and of our own.</summary>
public sealed class DeliveryStreamTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordedLog _log = new();
    private readonly Sink _sink = new();
    private readonly List<Settlement> _settled = [];
    private readonly Primary _primary;
    private readonly GuardedCore _core;
    private readonly DeliveryStream _stream;
    private Exception? _settleFault;

    public DeliveryStreamTests()
    {
        var options = new SubscriptionOptions { Order = Order.None };
        _primary = new(new UnreachableRedis(), new() { Partitions = 1 }, _time, new Random(1), NullLoggerFactory.Instance);
        var membership = new Membership(_primary, () => "", () => { }, _time, NullLogger.Instance);
        _core = new(new("g", "t", 1, options, new Random(1)), "g", "t", _primary, membership, _time, _log)
        {
            Wake = _ => { },
            Settle = Settle,
        };
        _stream = new(_core, () => { }, "t", options, new(), _sink, _log);
        _stream.Open();
        _core.Apply(0, static (core, _, _) => Own(core));
    }

    public ValueTask DisposeAsync() => _primary.DisposeAsync();

    [Fact]
    public void What_is_sent_is_written_in_order_and_an_ack_settles_it()
    {
        Deliver(1, 2);
        _stream.Ack(_sink.Received[0].Token);

        Assert.Equal([1L, 2L], _sink.Received.Select(delivery => delivery.Message.StreamId.Number));
        Assert.Equal((1L, Ending.Ack), (Assert.Single(_settled).Message.Message.StreamId.Number, _settled[0].Ending));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no token")]
    public void A_token_that_is_none_changes_nothing(string token)
    {
        Deliver(1);

        _stream.Ack(token);

        Assert.Empty(_settled);
        Assert.Equal(MessageState.Sent, Message(1).State);
    }

    [Fact]
    public void A_peer_that_is_gone_is_written_to_no_more()
    {
        _sink.Fault = _ => new IOException("The peer is gone.");

        Deliver(1, 2);
        Deliver(3);

        Assert.Single(_sink.Received);
        Assert.Equal((false, true), (_stream.HasRoom, _stream.IsOpen));
        Assert.Equal(MessageState.Waiting, Message(3).State);
    }

    [Fact]
    public void Messages_of_a_peer_that_is_gone_are_given_back_without_a_failure_when_its_stream_closes()
    {
        _sink.Fault = _ => new IOException("The peer is gone.");
        Deliver(1, 2);

        _stream.Close();

        Assert.False(_stream.IsOpen);
        Assert.All(Messages(), message => Assert.Equal((MessageState.Waiting, 0), (message.State, message.Failures)));
        Assert.Equal(2, Messages().Length);
    }

    [Fact]
    public void A_message_that_cannot_be_delivered_counts_as_failed_and_the_stream_goes_on()
    {
        _sink.Fault = delivery => delivery.Message.StreamId.Number == 1 ? new UndeliverableException(new FormatException("damaged")) : null;

        Deliver(1, 2);
        Deliver(3);

        Assert.Equal([1L, 2L, 3L], _sink.Received.Select(delivery => delivery.Message.StreamId.Number));
        Assert.Equal((MessageState.BackingOff, 1), (Message(1).State, Message(1).Failures));
        Assert.Equal((MessageState.Sent, 0), (Message(3).State, Message(3).Failures));
        Assert.Single(_log.Lines, line => line.Name == "MessageWasUndeliverable" && line.Level == LogLevel.Error);
    }

    [Fact]
    public void A_fault_inside_an_answer_does_not_escape_and_is_logged()
    {
        _settleFault = new InvalidOperationException("a fault of ours");
        Deliver(1);

        _stream.Ack(_sink.Received[0].Token);

        Assert.Same(_settleFault, Assert.Single(_log.Lines, line => line.Name == "AnswerFailed").Fault);
        Deliver(2);
        Assert.Equal((2, true), (_sink.Received.Count, _stream.IsOpen));
    }

    [Fact]
    public async Task DisposeAsync_returns_once_nothing_more_is_written()
    {
        _sink.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Deliver(1, 2);

        var ending = _stream.DisposeAsync().AsTask();
        Assert.Equal((false, false), (ending.IsCompleted, _stream.IsOpen));
        _sink.Gate.SetResult();
        await ending.WaitAsync(Patience);
        var received = _sink.Received.Count;
        _stream.WriteOut();

        Assert.Equal(received, _sink.Received.Count);
    }

    private static void Own(SubscriptionCore core)
    {
        core.OnSession("me", lost: false);
        var claims = core.NextClaims(["me"], "me", whole: true, new Nobody());
        core.OnClaimed(claims, "me", [ClaimResult.Parse("OK 1.1 1-0 0 0")], new Nobody());
    }

    /// <summary>Lets messages be appended and sent in one event.</summary>
    private void Deliver(params long[] numbers) =>
        _core.Apply(
            numbers,
            static (core, numbers, now) =>
            {
                foreach (var number in numbers)
                {
                    core.OnAppended(new(0, "t", new(1, number), new(1, number), "i", "", default, default));
                }

                // There is no heartbeat here.
                core.Dispatch(now with { HeartbeatLapsed = false });
            }
        );

    private LaneMessage[] Messages() => _core.Read(static core => core.Messages.ToArray());

    private LaneMessage Message(long number) => Assert.Single(Messages(), message => message.Message.StreamId.Number == number);

    private void Settle(Settlement settlement)
    {
        if (_settleFault is not null)
        {
            throw _settleFault;
        }

        _settled.Add(settlement);
    }

    private sealed class Sink : IDeliverySink
    {
        public List<Delivery> Received { get; } = [];

        /// <summary>What a delivery fails with; null where it does not.</summary>
        public Func<Delivery, Exception?> Fault { get; set; } = _ => null;

        /// <summary>What a write waits for, whatever is cancelled.</summary>
        public TaskCompletionSource? Gate { get; set; }

        public async ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
        {
            Received.Add(delivery);
            if (Fault(delivery) is { } fault)
            {
                throw fault;
            }

            if (Gate is not null)
            {
                await Gate.Task;
            }
        }
    }

    private sealed class Nobody : IMembershipView
    {
        public long Begun => 1;

        public bool IsDead(string session, long beat) => false;
    }

    private sealed class UnreachableRedis : StubRedis
    {
        public override bool Connected => false;

        protected override Exception Unexpected() => new RedisUnavailableException("There is no Redis.");
    }
}
