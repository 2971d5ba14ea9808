using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>What a request that fails leaves behind, with a damaged field or a key of the wrong type as the provocation.</summary>
public sealed class BrokenTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    [Fact]
    public async Task A_request_that_fails_before_its_first_write_leaves_nothing_and_harms_nobody()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        await run.CommandAsync("HSET", run.Key(0, "m"), "t:bad", "planted");

        var reply = await run.BatchAsync("s1", 1, Publish(Append("good")), Publish(Append("bad")), Publish(Append("good")));

        Assert.StartsWith("OK ", reply[1], StringComparison.Ordinal);
        Assert.Equal($"ERROR DAMAGED key {run.Key(0, "m")}: field t:bad is in another form", reply[2]);
        Assert.StartsWith("OK ", reply[3], StringComparison.Ordinal);
        Assert.Equal("2", await run.CommandAsync("XLEN", run.Key(0, "t:good")));
        Assert.Equal("2,", await run.CommandAsync("HMGET", run.Key(0, "m"), "lsn", "broken"));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "t:bad")));
    }

    [Theory]
    [InlineData("d:t")]
    [InlineData("r")]
    [InlineData("t:t")]
    public async Task A_step_that_needs_a_damaged_field_writes_nothing_and_breaks_nothing(string field)
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        await run.CommandAsync("HSET", run.Key(0, "m"), field, "planted");
        var emit = Append("t", id: "named");

        var reply = await run.BatchAsync("s1", 1, Step("once", operations: [Operation("u", "k")], emits: [emit]), Publish(Append("other")));

        Assert.Equal($"ERROR DAMAGED key {run.Key(0, "m")}: field {field} is in another form", reply[1]);
        Assert.StartsWith("OK ", reply[2], StringComparison.Ordinal);
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "s:k")));
        Assert.Equal("", await run.FieldAsync(0, "broken"));
    }

    [Fact]
    public async Task A_request_that_fails_in_the_middle_breaks_its_partition_for_writes()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        // The bucket that the record of the step would be put into, after its writes.
        await run.CommandAsync("SET", run.Key(0, "r:1"), "planted");

        var reply = await run.BatchAsync(
            "s1",
            1,
            Publish(Append("good")),
            Step("once", operations: [Operation("u", "k")]),
            Publish(Append("good")),
            Publish(Append("good", place: 2))
        );

        Assert.StartsWith("OK ", reply[1], StringComparison.Ordinal);
        Assert.StartsWith("BROKEN WRONGTYPE", reply[2], StringComparison.Ordinal);
        Assert.StartsWith("BROKEN WRONGTYPE", reply[3], StringComparison.Ordinal);
        Assert.StartsWith("OK ", reply[4], StringComparison.Ordinal);
        Assert.StartsWith("WRONGTYPE", await run.CommandAsync("HGET", run.Key(0, "m"), "broken"), StringComparison.Ordinal);
        Assert.Equal(reply, await run.BatchAsync("s1", 1, Publish(Append("good", place: 2))));
        Assert.StartsWith(
            "BROKEN WRONGTYPE",
            (await run.BatchAsync("s1", 2, Step("", operations: [Operation("u", "k")])))[1],
            StringComparison.Ordinal
        );
        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(0, "t:good")));
    }

    [Fact]
    public async Task A_broken_partition_is_still_read_and_survives_a_recovery_as_broken()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        await run.BatchAsync("s1", 1, Step("", operations: [Operation("u", "k", "v1")]));
        await run.CommandAsync("HSET", run.Key(0, "m"), "broken", "why", "boot", "other");

        await run.RecoverAsync();

        Assert.EndsWith(" v1", (await run.GetAsync("k"))[0], StringComparison.Ordinal);
        Assert.Equal("BROKEN why", (await run.BatchAsync("s1", 2, Publish(Append())))[1]);
    }

    [Fact]
    public async Task A_step_over_a_broken_partition_writes_nothing_in_the_other()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        await run.CommandAsync("HSET", run.Key(1, "m"), "broken", "why");

        var reply = await run.BatchAsync(
            "s1",
            1,
            Step("", operations: [Operation("u", "a"), Operation("u", "b", place: 2)]),
            Publish(Append())
        );

        Assert.Equal("BROKEN why", reply[1]);
        Assert.StartsWith("OK ", reply[2], StringComparison.Ordinal);
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "s:a")));
    }
}
