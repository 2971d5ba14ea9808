using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Cli;

/// <summary>
/// Damage made by hand beside a running component: doctor names it, repair mends it, and the component goes on by itself.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class RepairTests(ITestOutputHelper output)
{
    private const string Topic = BusyNamespace.Topic;
    private const string Lane = $"{BusyNamespace.Group}:{Topic}";

    /// <summary>A running component removes heartbeats in another form itself.</summary>
    public static TheoryData<string> Damages =>
        [.. Damage.All.Keys.Where(damage => !damage.StartsWith("member", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task After_a_repair_a_running_component_delivers_again(string damage)
    {
        await using var busy = await BusyNamespace.StartAsync();
        await busy.PublishAsync("before", 20);
        await busy.GotAsync("before", 20);
        await busy.SettledAsync();

        var named = await Damage.All[damage](busy.Redis);
        var publishing = busy.PublishAsync("after", 20);
        var sick = await DarqTool.DoctorAsync(busy.Redis);
        output.WriteLine($"{sick}");
        var repair = await DarqTool.RepairAsync(busy.Redis, "--apply");
        output.WriteLine($"{repair}");

        Assert.Equal(1, sick.Code);
        Assert.Contains(
            sick.Lines,
            line => line.StartsWith("error", StringComparison.Ordinal) && line.Contains(named, StringComparison.Ordinal)
        );
        Assert.Equal(0, repair.Code);
        Assert.Contains(
            repair.Lines,
            line => line.Contains("repaired", StringComparison.Ordinal) && line.Contains("darq", StringComparison.Ordinal)
        );
        await publishing;
        await busy.GotAsync("after", 20);
        // The next ack of a lane trims what a repair counted as acked.
        await busy.PublishAsync("last", 20);
        await busy.GotAsync("last", 20);
        await busy.SettledAsync();
        var sound = await DarqTool.DoctorAsync(busy.Redis);
        output.WriteLine($"{sound}");
        Assert.Equal(0, sound.Code);
    }

    [Fact]
    public async Task Replaced_data_are_accepted_for_running_components_by_one_command()
    {
        await using var busy = await BusyNamespace.StartAsync();
        await busy.PublishAsync("before", 5);
        await busy.GotAsync("before", 5);
        var identity = await busy.Redis.CliAsync("HGET", "{darq}:ns", "id");
        // As another component does that is the first to connect; in one, before this one can be the first.
        var replacing = new string('a', identity.Length);
        const string replace = "redis.call('FLUSHALL'); return redis.call('HSET', KEYS[1], 'p', '2', 'f', '2', 'id', ARGV[1])";
        await busy.Redis.CliAsync("EVAL", replace, "1", "{darq}:ns", replacing);
        var publishing = busy.PublishAsync("after", 5);
        await busy.Component.Process.WaitForLineAsync($"darq repair --replaces {identity} --apply", TimeSpan.FromSeconds(30));

        var wrong = await DarqTool.RepairAsync(busy.Redis, "--replaces", "latest");
        var shown = await DarqTool.RepairAsync(busy.Redis, "--replaces", identity);
        var accepted = await DarqTool.RepairAsync(busy.Redis, "--replaces", identity, "--apply");
        var again = await DarqTool.RepairAsync(busy.Redis, "--replaces", identity, "--apply");

        var elsewhere = await DarqTool.RepairAsync(busy.Redis, "--replaces", identity, "--namespace", "other");

        Assert.Equal(1, elsewhere.Code);
        Assert.Contains($"No data are here that could replace those of identity {identity}.", elsewhere.Text, StringComparison.Ordinal);
        Assert.Equal(2, wrong.Code);
        Assert.Contains("--replaces: \"latest\" is no identity", wrong.Text, StringComparison.Ordinal);
        Assert.Equal(0, shown.Code);
        Assert.Contains("would repair", shown.Text, StringComparison.Ordinal);
        Assert.Equal(0, accepted.Code);
        Assert.Contains("repaired {darq}:ns: lets them go on with these data", accepted.Text, StringComparison.Ordinal);
        Assert.Contains("0 repairs made", again.Text, StringComparison.Ordinal);
        await publishing;
        await busy.GotAsync("after", 5);
        Assert.Equal(replacing, await busy.Redis.CliAsync("HGET", "{darq}:ns", "id"));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Valkey_and_a_cluster_of_one_shard_are_repaired_in_the_same_way(bool isValkey, bool isCluster)
    {
        var options = new RedisOptions { Program = isValkey ? RedisProgram.Valkey : RedisProgram.Redis, Cluster = isCluster };
        await using var busy = await BusyNamespace.StartAsync(options);
        await busy.PublishAsync("before", 20);
        await busy.GotAsync("before", 20);
        await busy.SettledAsync();
        await Damage.All["lane"](busy.Redis);
        await Damage.All["stream of another type"](busy.Redis);

        var publishing = busy.PublishAsync("after", 20);
        var repair = await DarqTool.RepairAsync(busy.Redis, "--apply");
        output.WriteLine($"{repair}");

        Assert.Equal(0, repair.Code);
        await publishing;
        await busy.GotAsync("after", 20);
        Assert.Equal(0, (await DarqTool.DoctorAsync(busy.Redis)).Code);
    }

    [Fact]
    public async Task Repair_without_apply_changes_nothing()
    {
        await using var busy = await BusyNamespace.StartAsync();
        await busy.PublishAsync("before", 20);
        await busy.GotAsync("before", 20);
        busy.Component.Process.Signal(Signal.Stop);
        foreach (var damage in Damage.All.Values)
        {
            await damage(busy.Redis);
        }

        var before = await DarqTool.DigestAsync(busy.Redis);
        var shown = await DarqTool.RepairAsync(busy.Redis);
        var doctor = await DarqTool.DoctorAsync(busy.Redis);
        var after = await DarqTool.DigestAsync(busy.Redis);
        busy.Component.Process.Signal(Signal.Cont);

        Assert.Equal(before, after);
        Assert.Equal(1, shown.Code);
        Assert.Equal(1, doctor.Code);
        Assert.Contains(shown.Lines, line => line.StartsWith("would repair", StringComparison.Ordinal));
        Assert.Contains("nothing was written", shown.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_of_another_type_is_moved_aside_with_all_that_is_in_it()
    {
        await using var busy = await BusyNamespace.StartAsync();
        await busy.PublishAsync("before", 1);
        var key = BusyNamespace.Key(0, "s:balance");
        await busy.Redis.CliAsync("RPUSH", key, "a", "b");

        var repair = await DarqTool.RepairAsync(busy.Redis, "--apply");

        Assert.Equal(0, repair.Code);
        var aside = (await busy.Redis.CliAsync("KEYS", BusyNamespace.Key(0, "damaged:*"))).Trim();
        Assert.EndsWith(":s:balance", aside, StringComparison.Ordinal);
        Assert.Equal("a\nb", await busy.Redis.CliAsync("LRANGE", aside, "0", "-1"));
    }

    [Fact]
    public async Task Messages_that_were_not_acked_are_delivered_again_after_the_repair_of_their_lane()
    {
        await using var redis = await RedisServer.StartAsync();
        await using (var component = await ComponentProcess.StartAsync())
        {
            using var client = new Contract.ComponentClient(component.Socket, "bank");
            await client.InitPubSubAsync(("redisHost", redis.Host), ("partitions", "2"), ("consumerID", BusyNamespace.Group));
            using var app = await Contract.PullClient.OpenAsync(client, Topic);
            foreach (var i in Enumerable.Range(0, 10))
            {
                await client.PublishAsync(Topic, $"m{i}", ("partitionKey", "one"));
            }

            // The fifth is acked out of order and the rest is not.
            for (var i = 0; i < 10; i++)
            {
                var delivery = await app.NextAsync();
                await app.AckAsync(delivery.Id);
                if (i == 4)
                {
                    break;
                }
            }

            await Eventually.TrueAsync(
                async () => (await LanesAsync(redis)).Any(lane => lane.Contains("-5 0 5 ", StringComparison.Ordinal)),
                TimeSpan.FromSeconds(10),
                "five messages are acked"
            );
        }

        var partition = (await redis.CliAsync("EXISTS", BusyNamespace.Key(0, $"t:{Topic}"))) == "1" ? 0 : 1;
        await redis.CliAsync("HSET", BusyNamespace.Key(partition, "m"), $"l:{Lane}", "planted");
        var repair = await DarqTool.RepairAsync(redis, "--apply");
        output.WriteLine($"{repair}");
        Assert.Equal(0, repair.Code);

        await using var second = await ComponentProcess.StartAsync();
        using var again = new Contract.ComponentClient(second.Socket, "bank");
        await again.InitPubSubAsync(("redisHost", redis.Host), ("partitions", "2"), ("consumerID", BusyNamespace.Group));
        using var reader = await Contract.PullClient.OpenAsync(again, Topic);
        var seen = new HashSet<string>();
        while (!Enumerable.Range(5, 5).All(i => seen.Contains($"m{i}")))
        {
            var delivery = await reader.NextAsync();
            seen.Add(delivery.Data.ToStringUtf8());
            await reader.AckAsync(delivery.Id);
        }
    }

    private static async Task<string[]> LanesAsync(RedisServer redis) =>
        [
            await redis.CliAsync("HGET", BusyNamespace.Key(0, "m"), $"l:{Lane}"),
            await redis.CliAsync("HGET", BusyNamespace.Key(1, "m"), $"l:{Lane}"),
        ];
}
