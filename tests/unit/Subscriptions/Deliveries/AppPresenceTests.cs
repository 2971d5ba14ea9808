using Darq.Engine.Subscriptions.Deliveries;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Deliveries;

public sealed class AppPresenceTests
{
    private readonly AppPresence _app = new();

    [Fact]
    public void An_app_that_is_there_gets_as_many_deliveries_as_there_are()
    {
        Assert.True(_app.TryBegin(At(0), out _));
        Assert.True(_app.TryBegin(At(0), out _));
    }

    [Fact]
    public void An_app_that_is_gone_gets_nothing_during_the_pause_and_then_one_delivery()
    {
        Gone(at: 0);

        Assert.False(_app.TryBegin(At(0.5), out var next));
        Assert.Equal(At(1), next);
        Assert.True(_app.TryBegin(At(1), out _));
        Assert.False(_app.TryBegin(At(1), out _));
    }

    [Fact]
    public void The_pause_grows_with_each_delivery_that_does_not_reach_the_app()
    {
        Gone(at: 0);
        Gone(at: 1, wasProbe: true);

        Assert.False(_app.TryBegin(At(2.9), out var next));
        Assert.Equal(At(3), next);
    }

    [Fact]
    public void Deliveries_that_were_out_when_the_app_went_count_once()
    {
        Gone(at: 0);
        Gone(at: 0.5);
        Gone(at: 0.9);

        Assert.Equal(1, _app.GoneInRow);
        Assert.True(_app.TryBegin(At(1), out _));
    }

    [Fact]
    public void An_answer_of_any_kind_ends_it()
    {
        Gone(at: 0);

        Assert.True(_app.OnAnswered());
        Assert.True(_app.TryBegin(At(0), out _));
        Assert.True(_app.TryBegin(At(0), out _));
        Assert.False(_app.OnAnswered());
    }

    [Fact]
    public void A_stream_that_is_opened_ends_the_pause_but_lets_no_second_delivery_go()
    {
        Gone(at: 0);

        Assert.True(_app.OnOpened(At(0)));

        Assert.True(_app.TryBegin(At(0), out _));
        Assert.False(_app.OnOpened(At(0)));
        Assert.False(_app.TryBegin(At(0), out _));
    }

    [Fact]
    public void A_stream_that_is_opened_changes_nothing_for_an_app_that_is_there() => Assert.False(_app.OnOpened(At(0)));

    [Fact]
    public void A_delivery_that_comes_back_without_a_word_lets_another_go()
    {
        Gone(at: 0);
        Assert.True(_app.TryBegin(At(1), out _));

        _app.OnProbeReleased(At(2));

        Assert.True(_app.TryBegin(At(2), out _));
    }

    [Fact]
    public void A_delivery_that_is_never_answered_does_not_stop_the_others_for_good()
    {
        Gone(at: 0);
        Assert.True(_app.TryBegin(At(1), out _));

        Assert.False(_app.TryBegin(At(5), out var next));
        Assert.Equal(At(6), next);
        Assert.True(_app.TryBegin(next, out _));
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private void Gone(double at, bool wasProbe = false) => _app.OnGone(wasProbe, At(at), failures => TimeSpan.FromSeconds(failures));
}
