using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Deliveries;

/// <summary>How many messages a stream lets out unanswered.</summary>
public sealed class DeliveryStreamTests
{
    private static readonly Lane Lane = new(0, Order.None);

    private readonly Sink _sink = new();
    private long _sent;

    [Theory]
    [InlineData(16, false, 2)]
    [InlineData(1, false, 1)]
    [InlineData(16, true, 16)]
    public void A_window_starts_at_two_unless_the_peer_is_known_to_be_concurrent(int maxInFlight, bool concurrent, int window) =>
        Assert.Equal(window, FillUp(Stream(maxInFlight, concurrent)));

    [Fact]
    public void Answers_in_order_leave_the_window_as_it_is()
    {
        var stream = Stream(16);
        FillUp(stream);

        for (var number = 1; number <= 20; number++)
        {
            Assert.NotNull(stream.Take(Token(number), answered: true));
            Assert.Equal(1, FillUp(stream));
        }
    }

    [Fact]
    public void An_answer_that_overtakes_another_doubles_the_window_up_to_its_limit()
    {
        var stream = Stream(7);
        FillUp(stream);

        stream.Take(Token(2), answered: true);
        Assert.Equal(3, FillUp(stream));
        stream.Take(Token(5), answered: true);
        Assert.Equal(4, FillUp(stream));
        stream.Take(Token(_sent), answered: true);
        Assert.Equal(1, FillUp(stream));
    }

    [Fact]
    public void What_is_given_back_unanswered_widens_nothing()
    {
        var stream = Stream(16);
        FillUp(stream);

        stream.Take(Token(2), answered: false);

        Assert.Equal(1, FillUp(stream));
    }

    [Fact]
    public void An_answer_that_comes_twice_is_taken_once()
    {
        var stream = Stream(16);
        FillUp(stream);

        Assert.NotNull(stream.Take(Token(1), answered: true));
        Assert.Null(stream.Take(Token(1), answered: true));
        Assert.Null(stream.Take(Token(99), answered: true));
    }

    [Fact]
    public void An_answer_that_names_another_message_than_the_delivery_had_is_not_taken()
    {
        var stream = Stream(16);
        FillUp(stream);

        Assert.Null(stream.Take(Token(1) with { Message = new(1, 99) }, answered: true));
        Assert.Null(stream.Take(Token(1) with { Partition = 7 }, answered: true));
        Assert.NotNull(stream.Take(Token(1), answered: true));
    }

    [Fact]
    public void A_closed_stream_hands_back_what_is_unanswered_once_and_takes_nothing_more()
    {
        var stream = Stream(16);
        FillUp(stream);
        stream.Take(Token(1), answered: true);

        Assert.Single(stream.Close());
        Assert.Empty(stream.Close());
        Assert.Equal((false, false), (stream.HasRoom, stream.IsOpen));
        Assert.Null(stream.Take(Token(2), answered: true));
    }

    [Fact]
    public void A_stream_whose_peer_is_gone_has_no_room_and_is_written_to_no_more()
    {
        var stream = Stream(16);
        _sink.IsGone = true;
        FillUp(stream);
        var attempts = _sink.Received;

        stream.WriteOut();

        Assert.False(stream.HasRoom);
        Assert.Equal((1L, 1L), (attempts, _sink.Received));
    }

    private static DeliveryToken Token(long number) => new("s", "g", "t", 0, new(1, number), number);

    private DeliveryStream Stream(int maxInFlight, bool concurrent = false) =>
        new(null!, "t", new() { MaxInFlight = maxInFlight, Concurrent = concurrent }, _sink);

    /// <summary>Sends as long as there is room and waits until all have gone out, as no answer can come before; returns how many.</summary>
    private int FillUp(DeliveryStream stream)
    {
        var count = 0;
        for (; stream.HasRoom; count++)
        {
            var message = new Message(0, new(1, ++_sent), "", "", default, default, long.MaxValue, new(1, _sent));
            stream.Send(_sent, new(Lane, message), new("token", "t", message, "t", 1, 1));
        }
        stream.WriteOut();
        Assert.True(
            SpinWait.SpinUntil(() => _sink.IsGone || _sink.Received == _sent, TimeSpan.FromSeconds(10)),
            "the stream did not send what it was given"
        );
        return count;
    }

    private sealed class Sink : IDeliverySink
    {
        private long _received;

        public long Received => Interlocked.Read(ref _received);

        public bool IsGone { get; set; }

        public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _received);
            return IsGone ? throw new IOException("The peer is gone.") : ValueTask.CompletedTask;
        }
    }
}
