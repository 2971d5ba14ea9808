using System.Diagnostics;
using Darq.Engine.Core;
using Darq.Tests.Integration.Cli;
using Darq.Tests.Integration.Install;
using Darq.Tests.Shared;
using Xunit;
using RedisOptions = Darq.Tests.Shared.RedisOptions;

namespace Darq.Tests.Integration.Engine;

/// <summary>Levels of durability on real servers: what confirms them, and what is answered and delivered while nothing does.</summary>
public sealed class DurabilityTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Of SECURITY.md.</summary>
    private const string User = "darq";

    private const string ReplicaUser = "user replica on >replica -@all +psync +replconf +ping\n";

    private static readonly DurabilityLevel Replicated = new(DurabilityKind.Replicated, 1);
    private static int _namespaces;

    [Theory]
    [InlineData("auto", "everysec", "reply")]
    [InlineData("auto", "always", "fsync")]
    [InlineData("fsync", "always", "fsync")]
    [InlineData("reply", "always", "reply")]
    public async Task Server_without_replicas_is_on_the_rung_that_its_file_allows(string setting, string appendFsync, string level)
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { AppendFsync = appendFsync });
        await using var run = await EngineRun.StartAsync(redis.Port, With(setting));

        await run.PublishAsync("t", "1");

        Assert.Equal(level, run.Primary.Watermark.Rung.Level.ToString());
        Assert.Equal(0, run.Primary.Counters.DurabilityRounds.Value);
    }

    [Theory]
    [InlineData("fsync", "appendfsync everysec")]
    [InlineData("replica-fsync:1", "WAITAOF, which came with 7.2")]
    public async Task Level_that_the_server_never_reaches_is_refused(string setting, string why)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = new EngineRun(redis.Port, With(setting));

        var refused = await Assert.ThrowsAsync<DarqException>(() => run.Primary.ConnectAsync(Patience, default));

        Assert.Equal(ErrorCode.Misconfigured, refused.Code);
        Assert.Contains(why, refused.Message);
    }

    [Fact]
    public async Task Nothing_is_answered_or_delivered_until_a_replica_has_it()
    {
        await using var pair = await Pair.StartAsync();
        await using var run = await EngineRun.StartAsync(pair.Primary.Port, With("replicated:1"));
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        await run.PublishAsync("t", "confirmed", ("darq.id", "a"));
        stream.Ack((await inbox.NextAsync()).Token);
        Assert.True(run.Primary.Counters.DurabilityRounds.Value > 0, "no round was made");

        pair.Replica.Pause();
        var waiting = await Assert.ThrowsAsync<DarqException>(() => run.PublishAsync("t", "waiting", ("darq.id", "b")));

        Assert.Contains("it is not durable yet (durability replicated:1 has not been reached", waiting.Message);
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(1)), "a message that no replica has was delivered");
        var refused = await Assert.ThrowsAsync<DarqException>(() => run.PublishAsync("t", "refused", ("darq.id", "c")));
        Assert.EndsWith("try again.", refused.Message);

        pair.Replica.Resume();
        await Eventually.TrueAsync(() => run.Primary.Watermark.StalledFor == TimeSpan.Zero, Patience, "the level is reached again");
        Assert.True((await run.PublishAsync("t", "waiting", ("darq.id", "b"))).Duplicate);
        Assert.Equal("waiting", Inbox.Text(await inbox.NextAsync()));
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(1)), "it was delivered twice");
    }

    [Fact]
    public async Task What_no_replica_confirmed_was_shown_to_nobody_when_it_is_lost()
    {
        await using var pair = await Pair.StartAsync();
        await using var run = await EngineRun.StartAsync(pair.Primary.Port, With("replicated:1"));
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        await run.PublishAsync("t", "kept", ("darq.id", "a"));
        stream.Ack((await inbox.NextAsync()).Token);
        pair.Replica.Pause();
        await Task.Delay(TimeSpan.FromSeconds(1.2));
        using var earlier = pair.BackUp();
        await Assert.ThrowsAsync<DarqException>(() => run.PublishAsync("t", "lost", ("darq.id", "b")));

        await pair.ComeBackAsAsync(earlier);
        pair.Replica.Resume();

        await Eventually.TrueAsync(() => PublishesAsync(run, "lost", "b"), Patience, "publishing works again");
        Assert.Equal("lost", Inbox.Text(await inbox.NextAsync(30)));
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(1)), "it was delivered twice");
        Assert.Equal(0, run.Primary.Counters.BrokenPromises.Value);
    }

    [Fact]
    public async Task Loss_of_what_was_confirmed_is_held_until_an_operator_accepts_it()
    {
        await using var pair = await Pair.StartAsync();
        await using var run = await EngineRun.StartAsync(pair.Primary.Port, With("replicated:1"));
        await run.PublishAsync("t", "kept", ("darq.id", "a"));
        await Task.Delay(TimeSpan.FromSeconds(1.2));
        using var earlier = pair.BackUp();
        await run.PublishAsync("t", "confirmed", ("darq.id", "b"));

        await pair.ComeBackAsAsync(earlier);

        await Eventually.TrueAsync(() => run.Primary.Counters.BrokenPromises.Value == 1, Patience, "the broken promise is counted");
        await Eventually.TrueAsync(() => run.Primary.Ready, Patience, "the component is connected again");
        var held = $"{run.Primary.Hold.WorldLine}";
        var refused = await Assert.ThrowsAsync<DarqException>(() => run.PublishAsync("t", "held", ("darq.id", "c")));
        Assert.Contains($"darq repair --accepts-loss {held} --apply", refused.Message);
        var doctor = await DarqTool.DoctorAsync(pair.Primary, "--namespace", run.Options.Name);
        Assert.Contains($"repair --accepts-loss {held}", doctor.Text);
        var wrong = await DarqTool.RepairAsync(pair.Primary, "--namespace", run.Options.Name, "--accepts-loss", "yes");
        Assert.Contains("--accepts-loss: \"yes\" is no world-line", wrong.Text);
        var other = await DarqTool.RepairAsync(pair.Primary, "--namespace", run.Options.Name, "--accepts-loss", "17", "--apply");
        Assert.Equal(1, other.Code);
        Assert.True(run.Primary.IsHeld);

        var accepted = await DarqTool.RepairAsync(pair.Primary, "--namespace", run.Options.Name, "--accepts-loss", held, "--apply");

        Assert.Contains("}:ns: lets components go on within five seconds", accepted.Text);
        Assert.Equal(0, accepted.Code);
        await Eventually.TrueAsync(() => PublishesAsync(run, "held", "c"), Patience, "publishing goes on");
        Assert.Contains(
            "0 repairs made",
            (await DarqTool.RepairAsync(pair.Primary, "--namespace", run.Options.Name, "--accepts-loss", held, "--apply")).Text
        );
    }

    [Fact]
    public async Task Auto_follows_a_replica_that_freezes_and_comes_back()
    {
        await using var pair = await Pair.StartAsync();
        await using var run = await EngineRun.StartAsync(pair.Primary.Port, With("auto"));
        await Eventually.TrueAsync(() => run.Primary.Watermark.Rung.Level == Replicated, Patience, "auto waits for the replica");
        await run.PublishAsync("t", "1");

        pair.Replica.Pause();
        await Eventually.TrueAsync(() => PublishesAsync(run, "2", "b"), Patience, "publishing goes on");
        Assert.Equal(DurabilityKind.Reply, run.Primary.Watermark.Rung.Level.Kind);

        pair.Replica.Resume();
        await Eventually.TrueAsync(() => run.Primary.Watermark.Rung.Level == Replicated, 2 * Patience, "auto waits for the replica again");
    }

    [Fact]
    public async Task Round_on_a_quiet_server_waits_for_no_timer_of_it()
    {
        await using var pair = await Pair.StartAsync(RedisProgram.Valkey, "always");
        // It looks at those who wait when its timer says so, and whenever something arrives.
        const int Rounds = 60;
        var timer = TimeSpan.FromSeconds(1);
        await pair.Primary.CliAsync("CONFIG", "SET", "dynamic-hz", "no");
        await pair.Primary.CliAsync("CONFIG", "SET", "hz", "1");
        await pair.Replica.CliAsync("DEBUG", "AOF-FLUSH-SLEEP", "1000");
        await using var run = await EngineRun.StartAsync(pair.Primary.Port, With("replica-fsync:1"));
        var started = Stopwatch.StartNew();

        for (var i = 0; i < Rounds; i++)
        {
            await run.PublishAsync("t", $"{i}");
        }

        Assert.True(started.Elapsed < Rounds / 3 * timer, $"{Rounds} rounds took {started.Elapsed}, more than a third of the timer each");
    }

    [Fact]
    public async Task Replica_that_flushes_confirms_its_disk()
    {
        await using var pair = await Pair.StartAsync(RedisProgram.Valkey, "always");
        await using var run = await EngineRun.StartAsync(pair.Primary.Port, With("replica-fsync:1"));

        await run.PublishAsync("t", "1");

        Assert.True(run.Primary.Counters.DurabilityRounds.Value > 0, "no round was made");
        Assert.Equal("replica-fsync:1", run.Primary.Watermark.Rung.Level.ToString());
    }

    [Fact]
    public async Task Replica_that_flushes_each_second_is_not_believed()
    {
        // This version of Valkey confirms flushes that it has not made.
        await using var pair = await Pair.StartAsync(RedisProgram.Valkey, "everysec");
        await using var run = new EngineRun(pair.Primary.Port, With("replica-fsync:1"));

        var refused = await Assert.ThrowsAsync<DarqException>(() => run.Primary.ConnectAsync(Patience, default));

        Assert.Contains($"the replica at 127.0.0.1:{pair.Replica.Port} does not flush each write", refused.Message);
    }

    [Fact]
    public async Task Documented_user_may_ask_replicas()
    {
        // Of the namespace that the user may use.
        var options = With("replicated:1") with
        {
            Name = new NamespaceOptions().Name,
        };
        await using var pair = await Pair.StartAsync(acl: SecuredRedis.DocumentedUser() + ReplicaUser);
        await using var run = new EngineRun(pair.Primary.Port, options, SecuredRedis.Password, User);

        Assert.True(await run.Primary.ConnectAsync(Patience, default));
        await run.PublishAsync("t", "1");
    }

    private static async Task<bool> PublishesAsync(EngineRun run, string data, string id)
    {
        try
        {
            await run.PublishAsync("t", data, ("darq.id", id));
            return true;
        }
        catch (DarqException)
        {
            return false;
        }
    }

    private static NamespaceOptions With(string durability)
    {
        Assert.True(DurabilityLevel.TryParse(durability, out var level));
        // What is counted of a namespace is counted by the process.
        var name = $"durability-{Interlocked.Increment(ref _namespaces)}";
        return new()
        {
            Name = name,
            Durability = level,
            CallTimeout = TimeSpan.FromSeconds(2),
        };
    }

    /// <summary>A primary with one replica that follows it.</summary>
    private sealed class Pair(RedisServer primary, RedisServer replica) : IAsyncDisposable
    {
        public RedisServer Primary => primary;

        public RedisServer Replica => replica;

        public static async Task<Pair> StartAsync(
            RedisProgram program = RedisProgram.Redis,
            string replicaFsync = "everysec",
            string? acl = null
        )
        {
            string[] quick = ["repl-diskless-sync-delay 0"];
            var primary = await RedisServer.StartAsync(
                new RedisOptions
                {
                    Program = program,
                    ExtraLines = quick,
                    Acl = acl,
                }
            );
            string[] login = acl is null ? [] : ["masteruser replica", "masterauth replica"];
            var replica = await RedisServer.StartAsync(
                new RedisOptions
                {
                    Program = program,
                    AppendFsync = replicaFsync,
                    ExtraLines = [.. quick, $"replicaof 127.0.0.1 {primary.Port}", .. login],
                }
            );
            if (acl is null)
            {
                await primary.FollowedAsync(Patience);
            }

            return new(primary, replica);
        }

        /// <summary>What the primary has on its disk.</summary>
        public TempFolder BackUp()
        {
            var folder = new TempFolder();
            foreach (var file in Directory.EnumerateFiles(Path.Combine(primary.Folder, "appendonlydir")))
            {
                File.Copy(file, Path.Combine(folder.FullPath, Path.GetFileName(file)));
            }

            return folder;
        }

        /// <summary>The primary dies and starts again in its place with what it had then.</summary>
        public async Task ComeBackAsAsync(TempFolder earlier)
        {
            await primary.KillAsync();
            foreach (var file in Directory.EnumerateFiles(earlier.FullPath))
            {
                File.Copy(file, Path.Combine(primary.Folder, "appendonlydir", Path.GetFileName(file)), overwrite: true);
            }

            await primary.RestartAsync();
        }

        public async ValueTask DisposeAsync()
        {
            replica.Resume();
            await replica.DisposeAsync();
            await primary.DisposeAsync();
        }
    }
}
