using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Deliveries;

/// <summary>How many messages a stream lets out unanswered.</summary>
public sealed class StreamWindowTests
{
    private static readonly Lane Lane = new(0, Order.None);

    private readonly Outlet _outlet = new();
    private long _sent;

    [Theory]
    [InlineData(16, false, 2)]
    [InlineData(1, false, 1)]
    [InlineData(16, true, 16)]
    public void A_window_starts_at_two_unless_the_peer_is_known_to_be_concurrent(int maxInFlight, bool concurrent, int size) =>
        Assert.Equal(size, FillUp(Window(maxInFlight, concurrent)));

    [Fact]
    public void Answers_in_order_leave_the_window_as_it_is()
    {
        var window = Window(16);
        FillUp(window);

        for (var number = 1; number <= 20; number++)
        {
            Assert.True(Take(window, number));
            Assert.Equal(1, FillUp(window));
        }
    }

    [Fact]
    public void An_answer_that_overtakes_another_doubles_the_window_up_to_its_limit()
    {
        var window = Window(7);
        FillUp(window);

        Take(window, 2);
        Assert.Equal(3, FillUp(window));
        Take(window, 5);
        Assert.Equal(4, FillUp(window));
        Take(window, _sent);
        Assert.Equal(1, FillUp(window));
    }

    [Fact]
    public void What_is_given_back_unanswered_widens_nothing()
    {
        var window = Window(16);
        FillUp(window);

        Take(window, 2, answered: false);

        Assert.Equal(1, FillUp(window));
    }

    [Fact]
    public void An_answer_that_comes_twice_is_taken_once()
    {
        var window = Window(16);
        FillUp(window);

        Assert.True(Take(window, 1));
        Assert.False(Take(window, 1));
        Assert.False(Take(window, 99));
    }

    [Fact]
    public void An_answer_that_names_another_message_than_the_delivery_had_is_not_taken()
    {
        var window = Window(16);
        FillUp(window);

        Assert.Null(window.Find(Token(1) with { Message = new(1, 99) }));
        Assert.Null(window.Find(Token(1) with { Partition = 7 }));
        Assert.Equal(1, window.Find(Token(1))?.Number);
    }

    [Fact]
    public void A_closed_stream_hands_back_what_is_unanswered_once_and_takes_nothing_more()
    {
        var window = Window(16);
        FillUp(window);
        Take(window, 1);

        Assert.Equal(2, Assert.Single(window.Close()).Number);
        Assert.Empty(window.Close());
        Assert.Equal((false, false, true), (window.HasRoom, window.IsTaking, window.IsClosed));
        Assert.Null(window.Find(Token(2)));
    }

    [Fact]
    public void A_paused_stream_has_no_room_and_still_takes_answers()
    {
        var window = Window(16);
        FillUp(window);
        window.IsPaused = true;

        Assert.True(Take(window, 1));
        Assert.Equal((false, false), (window.HasRoom, window.IsTaking));
        window.IsPaused = false;
        Assert.True(window.HasRoom);
    }

    [Fact]
    public void A_stream_that_nothing_can_be_written_to_has_no_room()
    {
        var window = Window(16);
        _outlet.HasRoom = false;

        Assert.Equal((false, true), (window.HasRoom, window.IsTaking));
    }

    [Fact]
    public void The_processing_time_of_a_message_begins_when_the_one_before_it_is_answered()
    {
        var window = new StreamWindow(new() { ProcessingTimeout = TimeSpan.FromSeconds(60), MaxInFlight = 16 }, new Outlet(), new());
        FillUp(window);
        var second = window.Find(Token(2))!;

        window.Take(window.Find(Token(1))!, answered: true, TimeSpan.FromSeconds(7));

        Assert.Equal(TimeSpan.FromSeconds(7), second.StartedAt);
    }

    private static DeliveryToken Token(long number) => new("s", "g", "t", 0, new(1, number), number, "i");

    private static bool Take(StreamWindow window, long number, bool answered = true)
    {
        if (window.Find(Token(number)) is not { } attempt)
        {
            return false;
        }

        window.Take(attempt, answered, TimeSpan.FromSeconds(1));
        return true;
    }

    private StreamWindow Window(int maxInFlight, bool concurrent = false) =>
        new(new() { MaxInFlight = maxInFlight, Concurrent = concurrent }, _outlet, new());

    /// <summary>Sends as long as there is room; returns how many.</summary>
    private int FillUp(StreamWindow window)
    {
        var count = 0;
        for (; window.HasRoom; count++)
        {
            var message = new Message(0, new(1, ++_sent), "", "", default, default, long.MaxValue, new(1, _sent));
            window.Sent(new(_sent, new(Lane, message), window, default));
        }

        return count;
    }

    private sealed class Outlet : IDeliveryOutlet
    {
        public string SubscribedTopic => "t";

        public bool HasRoom { get; set; } = true;

        public void Send(Delivery delivery) { }

        public void WriteOut() { }
    }
}
