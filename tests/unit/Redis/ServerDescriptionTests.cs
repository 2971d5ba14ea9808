using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Redis;

public sealed class ServerDescriptionTests
{
    [Fact]
    public void Redis_is_described_by_its_info() =>
        Assert.Equal(
            new ServerDescription("Redis", new(7, 0, 15), "master", "noeviction", AppendOnly: true, ClusterEnabled: false),
            ServerDescriptions.Parse(
                "# Server\r\nredis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\ncluster_enabled:0\r\n"
            )
        );

    [Theory]
    [InlineData("aof_enabled:1", -1, 0, true)]
    [InlineData("aof_enabled:0", -1, 0, false)]
    [InlineData("aof_enabled:1", 0, 0, false)]
    [InlineData("aof_enabled:1", -1, 1, false)]
    public void File_is_the_one_that_was_loaded_until_a_rewrite_has_begun(string enabled, int lastRewrite, int inProgress, bool isLoaded)
    {
        var server = ServerDescriptions.Parse(
            $"{enabled}\r\naof_last_rewrite_time_sec:{lastRewrite}\r\naof_rewrite_in_progress:{inProgress}\r\nmaster_replid:ab\r\n"
        );

        Assert.Equal((isLoaded, "ab"), (server.HasLoadedFile, server.ReplicationId));
    }

    [Fact]
    public void Valkey_is_known_by_its_own_version_and_not_the_one_for_old_clients()
    {
        var server = ServerDescriptions.Parse("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.3\r\ncluster_enabled:1\r\n");

        Assert.Equal(("Valkey", new Version(8, 1, 3), true), (server.Product, server.Version, server.ClusterEnabled));
    }

    [Fact]
    public void What_is_no_version_counts_as_too_old() =>
        Assert.Equal(new Version(0, 0), ServerDescriptions.Parse("redis_version:unstable\r\n").Version);
}
