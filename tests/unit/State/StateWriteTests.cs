using System.Text;
using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Xunit;

namespace Darq.Tests.Unit.State;

public sealed class StateWriteTests
{
    private static readonly StateOperation Plain = new(StateChange.Upsert, new StateKey("order{alice}"));

    [Fact]
    public void A_value_over_3_9_MiB_is_refused() =>
        AssertRefused(ErrorCode.TooLarge, Plain with { Value = new byte[Limits.MaxMessageBytes + 1] }, "the value of key 'order{alice}'");

    [Fact]
    public void A_key_over_1024_bytes_is_refused() =>
        AssertRefused(ErrorCode.Invalid, Plain with { Key = new(new string('k', 1025)) }, "1,024");

    [Theory]
    [InlineData("7")]
    [InlineData("abc")]
    [InlineData("1-x")]
    [InlineData("*")]
    public void What_cannot_be_an_etag_of_ours_is_refused(string etag) =>
        AssertRefused(ErrorCode.InvalidEtag, Plain with { ETag = etag }, $"'{etag}'");

    [Theory]
    [InlineData(null, false, "")]
    [InlineData("", false, "")]
    [InlineData(null, true, "*")]
    [InlineData("1-2", false, "1-2")]
    [InlineData("1-2", true, "1-2")]
    public void The_guard_is_the_etag_else_the_first_write_else_none(string? etag, bool firstWrite, string guard) =>
        Assert.Equal(guard, Written(Plain with { ETag = etag, FirstWrite = firstWrite })[4]);

    [Fact]
    public void An_upsert_is_written_with_its_time_to_live() =>
        Assert.Equal(
            ["1", "u", "order{alice}", "v", "", "1500"],
            Written(Plain with { Value = "v"u8.ToArray(), TimeToLive = TimeSpan.FromSeconds(1.5) })
        );

    [Fact]
    public void A_delete_is_written_as_one() => Assert.Equal("d", Written(Plain with { Change = StateChange.Delete })[1]);

    [Fact]
    public void The_braces_decide_the_partition() =>
        Assert.Equal(PartitionHash.Of("alice", 64), StateWrite.From(Plain, new NamespaceOptions()).Partition);

    private static string[] Written(StateOperation operation)
    {
        var writer = new BatchWriter(new Keys("darq", 64));
        writer.Add(new Any(StateWrite.From(operation, new NamespaceOptions())));
        return
        [
            .. writer
                .ToCall("session-key", false, 1, 1, TimeSpan.FromSeconds(1), 1)
                .Arguments.Skip(7)
                .Take(6)
                .Select(argument => Encoding.UTF8.GetString(argument.ToBytes())),
        ];
    }

    private static void AssertRefused(ErrorCode code, StateOperation operation, string because)
    {
        var refused = Assert.Throws<DarqException>(() => StateWrite.From(operation, new NamespaceOptions()));
        Assert.Equal(code, refused.Code);
        Assert.Contains(because, refused.Message, StringComparison.Ordinal);
    }

    private sealed class Any(StateWrite write) : BatchRequest<bool>("any")
    {
        public override int Size => 0;

        public override void Write(BatchWriter writer) => write.Write(writer);

        protected override bool Parse(ReplyLine reply) => true;
    }
}
