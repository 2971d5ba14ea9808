using Darq.Tests.Shared;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>In which order a step is judged: its record, what was consumed, the fence, guards, room.</summary>
public sealed class StepScriptTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private string _fencingToken = "";
    private string _worldLine = "";
    private long _number;

    [Fact]
    public async Task A_step_consumes_writes_and_appends_under_one_position_each()
    {
        await using var run = await StartAsync(2);

        var reply = await StepAsync(run, [Consumed(1)], [Operation("u", "k")], [Append("out", id: "e1")]);

        var position = reply.Split(' ')[1];
        Assert.Equal($"OK {position} {_worldLine}-1 {position}", reply);
        Assert.Equal(position, await run.ETagAsync("k"));
        Assert.Equal(($"{_worldLine}-1", 1), await BooksAsync(run));
    }

    [Fact]
    public async Task A_repeated_step_is_answered_with_the_first_result_even_when_its_lane_was_lost()
    {
        await using var run = await StartAsync(1);
        var first = await StepAsync(run, [Consumed(1)], [Operation("u", "k")]);
        await run.ClaimAsync("claim", "s2", "s1");

        Assert.Equal("DUPLICATE" + first["OK".Length..], await StepAsync(run, [Consumed(1)], [Operation("u", "k", "other")]));
        Assert.Equal("v", await run.ValueAsync("k"));
    }

    [Fact]
    public async Task A_step_of_a_lost_lane_is_fenced_and_changes_nothing()
    {
        await using var run = await StartAsync(1);
        await run.ClaimAsync("claim", "s2", "s1");

        Assert.Equal("FENCED", await StepAsync(run, [Consumed(1)], [Operation("u", "k")], [Append("out")]));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "s:k"), run.Key(0, "t:out"), run.Key(0, "r:1")));
    }

    [Fact]
    public async Task A_message_that_was_acked_without_a_step_is_stale_even_for_a_lost_lane()
    {
        await using var run = await StartAsync(1);
        await RequestAsync(run, Ack(_fencingToken, _worldLine, 1));
        Assert.Equal("STALE 0", await StepAsync(run, [Consumed(1)], [Operation("u", "k")]));

        await run.ClaimAsync("claim", "s2", "s1");
        Assert.Equal("STALE 0", await StepAsync(run, [Consumed(1)], [Operation("u", "k")]));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "s:k")));
    }

    [Fact]
    public async Task A_conflict_consumes_nothing_and_the_step_may_be_tried_again()
    {
        await using var run = await StartAsync(1);

        Assert.Equal("CONFLICT 0", await StepAsync(run, [Consumed(1)], [Operation("u", "k", guard: "1-1")]));
        Assert.StartsWith("OK ", await StepAsync(run, [Consumed(1)], [Operation("u", "k")]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_read_must_be_as_it_was_before_the_step_whatever_the_step_writes()
    {
        await using var run = await StartAsync(2);
        var etag = (await StepAsync(run, [Consumed(1)], [Operation("u", "k")])).Split(' ')[1];

        Assert.Equal("CONFLICT r1 r2", await ReadingAsync(run, Read("k", etag), Read("k", "1-1"), Read("k", ""), Read("none", "")));
        Assert.Equal(
            "CONFLICT r0 0",
            await RequestAsync(run, Step("", [Consumed(2)], [Operation("u", "k", guard: "1-1")], reads: [Read("none", "1-1")]))
        );
        Assert.StartsWith(
            "OK ",
            await RequestAsync(run, Step("", [Consumed(2)], [Operation("u", "k")], reads: [Read("k", etag)])),
            StringComparison.Ordinal
        );
        Assert.Equal("CONFLICT r0", await ReadingAsync(run, Read("k", etag)));
    }

    [Fact]
    public async Task A_consuming_step_never_takes_effect_again_even_when_its_result_is_no_longer_kept()
    {
        const long RetentionMs = 50;
        await using var run = await StartAsync(1);
        Task<string> OnceAsync() => RequestAsync(run, Step("", [Consumed(1)], [Operation("u", "k")], retentionMs: RetentionMs));
        var first = await OnceAsync();

        Assert.Equal("DUPLICATE" + first["OK".Length..], await OnceAsync());
        await Eventually.TrueAsync(
            async () => await OnceAsync() == "STALE 0",
            TimeSpan.FromSeconds(10),
            "the result is dropped after its retention"
        );
        Assert.Equal(first.Split(' ')[1], await run.ETagAsync("k"));
    }

    [Fact]
    public async Task A_spontaneous_step_takes_effect_once_by_its_id_for_as_long_as_its_result_is_kept()
    {
        const long RetentionMs = 500;
        await using var run = await StartAsync(0);
        Task<string> OnceAsync() => RequestAsync(run, Step("s1", operations: [Operation("u", "k")], retentionMs: RetentionMs));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var first = await OnceAsync();

        Assert.Equal("DUPLICATE" + first["OK".Length..], await OnceAsync());
        await Eventually.TrueAsync(
            async () => (await OnceAsync()).StartsWith("OK ", StringComparison.Ordinal),
            TimeSpan.FromSeconds(10),
            "the id is forgotten after its retention"
        );
        Assert.True(clock.ElapsedMilliseconds >= RetentionMs, $"the id was forgotten after {clock.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task A_step_consumes_several_messages_together_or_none()
    {
        await using var run = await StartAsync(3);
        await RequestAsync(run, Ack(_fencingToken, _worldLine, 3));

        Assert.Equal("STALE 1", await StepAsync(run, [Consumed(1), Consumed(3)]));
        Assert.StartsWith("OK ", await StepAsync(run, [Consumed(2), Consumed(1)]), StringComparison.Ordinal);
        Assert.Equal(($"{_worldLine}-3", 3), await BooksAsync(run));
    }

    [Fact]
    public async Task A_message_named_twice_in_a_step_is_consumed_once()
    {
        await using var run = await StartAsync(2);

        Assert.StartsWith("OK ", await StepAsync(run, [Consumed(1), Consumed(1)]), StringComparison.Ordinal);
        Assert.Equal(($"{_worldLine}-1", 1), await BooksAsync(run));
    }

    [Fact]
    public async Task An_emitted_duplicate_is_marked_and_the_rest_of_the_step_takes_effect()
    {
        await using var run = await StartAsync(1);
        var published = (await RequestAsync(run, Publish(Append("out", id: "e1")))).Split(' ')[1];

        var reply = await StepAsync(run, [Consumed(1)], [Operation("u", "k")], [Append("out", id: "e1"), Append("out", id: "e2")]);

        Assert.Equal(("=" + published, $"{_worldLine}-2"), (reply.Split(' ')[2], reply.Split(' ')[4]));
        Assert.Equal("1", await run.CommandAsync("EXISTS", run.Key(0, "s:k")));
    }

    // As a dead letter keeps the id of its message, so that a topic may have two of one id.
    [Fact]
    public async Task The_result_of_another_message_with_the_same_id_is_none_of_this_one()
    {
        await using var run = await StartAsync(3);
        var first = await StepAsync(run, [Consumed(1, "same")], [Operation("u", "k")]);
        Assert.Equal("DUPLICATE" + first["OK".Length..], await StepAsync(run, [Consumed(1, "same")]));
        await RequestAsync(run, Ack(_fencingToken, _worldLine, 2));

        Assert.Equal("STALE 0", await StepAsync(run, [Consumed(2, "same")], [Operation("u", "k", "other")]));

        var third = await StepAsync(run, [Consumed(3, "same")], [Operation("u", "k", "third")]);
        Assert.StartsWith("OK ", third, StringComparison.Ordinal);
        Assert.Equal("DUPLICATE" + third["OK".Length..], await StepAsync(run, [Consumed(3, "same")]));
        Assert.Equal("STALE 0", await StepAsync(run, [Consumed(1, "same")]));
        Assert.Equal("third", await run.ValueAsync("k"));
    }

    [Fact]
    public async Task A_result_is_kept_with_the_message_that_caused_it()
    {
        await using var run = await StartAsync(1);

        var consuming = await StepAsync(run, [Consumed(1, "a")]);
        var spontaneous = await RequestAsync(run, Step("b", operations: [Operation("u", "k")]));

        Assert.Equal($"{_worldLine}-1 {consuming["OK ".Length..]}", await run.CommandAsync("HGET", run.Key(0, "r:1"), "m:g:t:a"));
        Assert.Equal($"- {spontaneous["OK ".Length..]}", await run.CommandAsync("HGET", run.Key(0, "r:1"), "s:b"));
    }

    private object[] Consumed(long seq, string? mark = null) => [1, "g", "t", _fencingToken, _worldLine, seq, mark ?? $"m{seq}"];

    private static async Task<(string Watermark, long Consumed)> BooksAsync(LibraryRun run)
    {
        var lane = await run.LaneAsync();
        return (lane.Watermark, lane.Consumed);
    }

    private async Task<LibraryRun> StartAsync(int messages)
    {
        var run = await server.RunAsync();
        await run.OpenAsync();
        await RequestAsync(run, Publish([.. Enumerable.Range(0, messages).Select(_ => Append())]));
        _fencingToken = (await run.ClaimAsync("claim", "s1"))[0].Split(' ')[1];
        _worldLine = _fencingToken.Split('.')[0];
        return run;
    }

    private Task<string> StepAsync(LibraryRun run, object[][] consumed, object[][]? operations = null, object[][]? emits = null) =>
        RequestAsync(run, Step("", consumed, operations, emits));

    private Task<string> ReadingAsync(LibraryRun run, params object[][] reads) => RequestAsync(run, Step("", reads: reads));

    private async Task<string> RequestAsync(LibraryRun run, object[] request) => (await run.BatchAsync("s1", ++_number, request))[1];
}
