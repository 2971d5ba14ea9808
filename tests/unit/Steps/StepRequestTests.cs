using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Xunit;

namespace Darq.Tests.Unit.Steps;

public sealed class StepRequestTests
{
    private static readonly StateWrite Upsert = Write(StateChange.Upsert);
    private static readonly StateWrite Delete = Write(StateChange.Delete);
    private static readonly Consumption Consumed = new(new("s", "g", "t", 2, new(1, 1), 1, "i"), () => "1.1");

    [Fact]
    public void Deletes_and_what_is_consumed_free_memory()
    {
        Assert.True(Step([Delete, Delete]).Frees);
        Assert.False(Step([Delete, Upsert]).Frees);
        Assert.False(Step([Delete], emits: [Emit("")]).Frees);
        Assert.True(Step([Delete], [Consumed]).Frees);
        Assert.False(Step([Upsert], [Consumed]).Frees);
    }

    [Fact]
    public void A_step_is_repeatable_where_a_second_execution_is_told_or_changes_nothing()
    {
        Assert.True(Step([Upsert]).Repeatable);
        Assert.False(Step([Write(StateChange.Upsert, etag: "1-1")]).Repeatable);
        Assert.False(Step([Write(StateChange.Upsert, firstWrite: true)]).Repeatable);
        Assert.True(Step([Write(StateChange.Upsert, etag: "1-1")], [Consumed]).Repeatable);
        Assert.True(Step([Write(StateChange.Upsert, etag: "1-1")], id: "s1").Repeatable);
        Assert.False(Step([], emits: [Emit("")]).Repeatable);
        Assert.True(Step([], emits: [Emit("i")]).Repeatable);
    }

    [Fact]
    public void Partitions_are_counted_once_over_all_that_a_step_touches() =>
        Assert.Equal(3, Step([Upsert, Delete], [Consumed, Consumed], [Emit("i")]).Partitions);

    private static StepRequest Step(StateWrite[] operations, Consumption[]? consumed = null, Append[]? emits = null, string id = "") =>
        new(new NamespaceOptions())
        {
            Home = 0,
            Id = id,
            Operations = operations,
            Consumed = consumed ?? [],
            Emits = emits ?? [],
        };

    private static StateWrite Write(StateChange change, string? etag = null, bool firstWrite = false) =>
        new(1, new StateOperation(change, new StateKey("k")) { ETag = etag, FirstWrite = firstWrite });

    private static Append Emit(string id) =>
        new()
        {
            Partition = 3,
            Topic = "t",
            Id = id.Length > 0 ? id : "made",
            IsNamed = id.Length > 0,
            Data = "x"u8.ToArray(),
        };
}
