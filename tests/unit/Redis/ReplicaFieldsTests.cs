using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Redis;

public sealed class ReplicaFieldsTests
{
    [Theory]
    [InlineData("ip=10.0.0.7,port=6380,state=online,offset=1000,lag=0", true)]
    [InlineData("ip=10.0.0.7,port=6380,state=online,offset=1000,lag=1,type=replica", true)]
    [InlineData("ip=10.0.0.7,port=6380,state=online,offset=1000,lag=3", false)]
    [InlineData("ip=10.0.0.7,port=6380,state=wait_bgsave,offset=0,lag=0", false)]
    [InlineData("ip=10.0.0.7,port=6380,state=online,offset=1000", false)]
    public void A_replica_follows_while_it_is_online_and_heard_of(string line, bool follows) =>
        Assert.Equal([new ReplicaFacts("10.0.0.7:6380", follows)], Of(line, written: 1000));

    [Fact]
    public void One_that_works_off_what_it_missed_does_not_follow_yet() =>
        Assert.False(Of("ip=10.0.0.7,port=6380,state=online,offset=1000,lag=0", written: 5_000_000)[0].Follows);

    [Fact]
    public void Other_fields_are_no_replicas() =>
        Assert.Empty(ReplicaFields.Of(ServerDescriptions.Fields("role:slave\r\nslave_repl_offset:14\r\nslave_priority:100\r\n")));

    private static IReadOnlyList<ReplicaFacts> Of(string line, long written) =>
        ReplicaFields.Of(ServerDescriptions.Fields($"role:master\r\nslave0:{line}\r\nmaster_repl_offset:{written}\r\n"));
}
