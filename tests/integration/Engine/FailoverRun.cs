using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>
/// A bank on a primary with one replica, under sentinels. Besides its requests there are some that are answered before they are durable,
/// and a message that a process holds which is gone by the time of the failover.
/// </summary>
internal sealed class FailoverRun : IAsyncDisposable
{
    private const string Guesses = "guesses";
    private const string Held = "held";
    private const int Writers = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RedisSentinels _sentinels;
    private readonly DurabilityLevel _level;
    private readonly EngineRun _run;
    private readonly EngineRun _holder;
    private readonly Bank _bank = new(accounts: 12, seed: 17);
    private readonly Inbox _seen = new();
    private int _writers;

    private FailoverRun(RedisSentinels sentinels, DurabilityLevel level, EngineRun run, EngineRun holder) =>
        (_sentinels, _level, _run, _holder) = (sentinels, level, run, holder);

    /// <summary>Whether the level covers the loss of what the replica lacks.</summary>
    private bool IsCovered => _level.Replicas > 0;

    public static async Task<FailoverRun> StartAsync(RedisProgram program, string setting)
    {
        Assert.True(DurabilityLevel.TryParse(setting, out var level));
        var fsync = level.Kind is DurabilityKind.ReplicaFsync or DurabilityKind.FsyncReplicated ? "always" : "everysec";
        var servers = new Darq.Tests.Shared.RedisOptions { Program = program, AppendFsync = fsync };
        var sentinels = await RedisSentinels.StartAsync(servers: servers);
        var options = new NamespaceOptions
        {
            Name = "failover-" + setting.Replace(':', '-').Replace('+', '-'),
            Partitions = 8,
            Durability = level,
            CallTimeout = TimeSpan.FromSeconds(2),
        };
        var redis = new Darq.Engine.Redis.RedisOptions
        {
            Host = "127.0.0.1",
            Sentinel = new SentinelOptions(sentinels.Hosts, RedisSentinels.MasterName),
        };
        var (run, holder) = (new EngineRun(redis, options), new EngineRun(redis, options));
        Assert.True(await run.Primary.ConnectAsync(Patience, default), "Redis was not reached");
        Assert.True(await holder.Primary.ConnectAsync(Patience, default), "Redis was not reached");
        return new(sentinels, level, run, holder);
    }

    /// <summary>
    /// 1. Work, until the replica is cut off. 2. What is answered then is not durable, or on no level that promises it. 3. The primary dies
    /// and the replica is promoted: what it lacks is gone with all that rests on it. 4. The old primary comes back as its replica.
    /// 5. The same the other way round, with a replica that follows: nothing that was confirmed is lost.
    /// </summary>
    public async Task ThereAndBackAsync()
    {
        await _bank.OpenAsync(_run);
        await using var app = new BankApp(_run, _bank);
        await using var seen = _run.Subscriptions.Attach("watcher", Guesses, new() { Concurrent = true }, _seen);
        var kept = await _run.PublishAsync("kept", "kept");
        var held = await HoldAsync();
        var worldLine = _run.Primary.WorldLine;

        // Step 1.
        using var load = Load();
        await StepsAsync(20);
        await CutOffAsync();

        // Step 2.
        if (IsCovered)
        {
            await Eventually.TrueAsync(() => _run.Primary.Watermark.StalledFor > TimeSpan.Zero, Patience, "nothing is confirmed any more");
        }

        var guesses = await GuessAsync();
        var heard = _bank.Answers;
        if (IsCovered)
        {
            await Eventually.TrueAsync(
                () => _run.Primary.Watermark.StalledFor > TimeSpan.FromSeconds(1.5),
                Patience,
                "nothing is confirmed for a while"
            );
            Assert.Equal(heard, _bank.Answers);
            Assert.True(await _seen.StaysEmptyAsync(TimeSpan.FromSeconds(0.1)), "a message that no replica has was delivered");
        }
        else
        {
            await Eventually.TrueAsync(() => _bank.Answers > heard, Patience, "answers go on");
        }

        // Step 3.
        await _sentinels.First.KillAsync();
        _sentinels.Second.Resume();
        await load.StopAsync();
        var told = _bank.Copy();
        await PromotedAsync(_sentinels.Second, worldLine);
        Assert.True(_run.Primary.Counters.Losses.Value > 0, "no loss was noticed");
        Assert.Equal(0, _run.Primary.Counters.BrokenPromises.Value);
        var successor = new Successor();
        await using var inherited = successor.Attach(_run);
        await RefusedAsync(held, await successor.First.Task.WaitAsync(Patience), worldLine);

        // Step 4.
        await BecomesReplicaAsync(_sentinels.First, _sentinels.Second);
        await FinishAsync(told, _sentinels.Second);
        await LostAsync(guesses);
        await StandsAsync(kept);
        worldLine = _run.Primary.WorldLine;

        // Step 5.
        using var more = Load();
        await StepsAsync(20);
        await _sentinels.Second.KillAsync();
        await more.StopAsync();
        told = _bank.Copy();
        await PromotedAsync(_sentinels.First, worldLine);
        await BecomesReplicaAsync(_sentinels.Second, _sentinels.First);
        await FinishAsync(told, _sentinels.First);
        Assert.Equal(0, _run.Primary.Counters.BrokenPromises.Value);
        await LostAsync(guesses);
        await StandsAsync(kept);
    }

    public async ValueTask DisposeAsync()
    {
        _sentinels.Second.Resume();
        await _run.DisposeAsync();
        await _holder.DisposeAsync();
        await _sentinels.DisposeAsync();
    }

    private BankLoad Load()
    {
        var first = _writers;
        _writers += Writers;
        return BankLoad.Start(_bank, _run, first, Writers);
    }

    private Task StepsAsync(int count)
    {
        var before = _bank.Steps.Count;
        return Eventually.TrueAsync(() => _bank.Steps.Count >= before + count, Patience, "steps are done");
    }

    /// <summary>Freezes the replica and closes its connection, so that nothing waits for it on the way.</summary>
    private async Task CutOffAsync()
    {
        _sentinels.Second.Pause();
        await _sentinels.First.CliAsync("CLIENT", "KILL", "TYPE", "replica");
    }

    /// <summary>A message whose delivery is in the hands of a process that dies.</summary>
    private async Task<string> HoldAsync()
    {
        var inbox = new Inbox();
        await using (_holder.Subscriptions.Attach("holder", Held, new(), inbox))
        {
            await _run.PublishAsync(Held, Held);
            var token = (await inbox.NextAsync(30)).Token;
            await _holder.Primary.DisposeAsync();
            return token;
        }
    }

    /// <summary>Publishes that are answered although no replica has them.</summary>
    private async Task<Published[]> GuessAsync()
    {
        List<Published> guesses = [];
        for (var i = 0; i < 10; i++)
        {
            guesses.Add(await _run.PublishAsync(Guesses, $"guess {i}", ("darq.id", $"guess-{i}"), ("darq.ack", "speculative")));
        }

        return [.. guesses];
    }

    private async Task PromotedAsync(RedisServer server, long worldLine)
    {
        await Eventually.TrueAsync(() => _run.Primary.WorldLine > worldLine, Patience, "the engine hears of the recovery");
        Assert.True(await RedisSentinels.IsAsync(server, "master"));
    }

    /// <summary>The holder's token says nothing in the new world-line, in which its message came to another.</summary>
    private async Task RefusedAsync(string token, Delivery delivery, long worldLine)
    {
        var operation = new StateOperation(StateChange.Upsert, new("zombie")) { Value = "1"u8.ToArray() };
        var metadata = new Dictionary<string, string> { ["darq.token"] = token, ["darq.ack"] = "speculative" };
        var code = await Eventually.ValueAsync(
            async () =>
                (
                    await Assert.ThrowsAsync<DarqException>(async () =>
                        await _run.StepExecutor.TransactAsync([operation], metadata, default)
                    )
                ).Code,
            code => code != ErrorCode.Unavailable,
            Patience,
            "the step is answered"
        );

        Assert.True(code is ErrorCode.Fenced or ErrorCode.Stale, $"the step was answered {code}");
        Assert.True(delivery.WorldLine > worldLine, "its message came again in the old world-line");
    }

    private static async Task BecomesReplicaAsync(RedisServer server, RedisServer primary)
    {
        await server.RestartAsync();
        await Eventually.TrueAsync(() => RedisSentinels.IsAsync(server, "slave"), Patience, "the old primary becomes a replica");
        await Eventually.TrueAsync(async () => await primary.CliAsync("WAIT", "1", "1000") == "1", Patience, "it follows");
    }

    /// <summary>All is done again that was lost; and nothing was lost that had been answered, where the level covers that.</summary>
    private async Task FinishAsync(Bank told, RedisServer primary)
    {
        BankView? found = null;
        await Eventually.TrueAsync(
            async () => (found = await ReadAsync()) is not null,
            Patience,
            "the level is reached again, so that reads are answered"
        );
        found!.Verify("after the failover");
        await _bank.RepeatAsync(_run, Patience);
        var lost = _bank
            .All.Where(request => told.IsAnswered(request) && !IsThere(request, found))
            .Select(request => $"{request.Id} is lost");
        var done = await BankCheck.FinishAsync(primary, _run, _bank);
        done.Verify($"after a failover under {_level}", IsCovered ? [.. lost] : []);
    }

    private static bool IsThere(Bank.Request request, BankView found) =>
        request.Kind == Bank.Kind.Entry ? found.Has(request) : request.WasThere;

    private async Task<BankView?> ReadAsync()
    {
        try
        {
            return await BankView.ReadAsync(_run, _bank);
        }
        catch (DarqException fault) when (fault.Code == ErrorCode.Unavailable)
        {
            return null;
        }
    }

    private async Task LostAsync(Published[] guesses)
    {
        var end = await BarrierAsync(guesses);
        Assert.Equal(guesses.Select(guess => guess.Position), end.Lost.Select(position => position.ToString()));
    }

    private async Task StandsAsync(Published kept)
    {
        var end = await BarrierAsync([kept]);
        Assert.Empty(end.Lost);
        Assert.Equal(IsCovered ? true : null, end.Durable);
    }

    private async Task<BarrierEnd> BarrierAsync(Published[] published)
    {
        var barrier = new DurabilityBarrier(_run.Primary, _run.Options);
        return await barrier.PassAsync(
            [.. published.Select(message => new WirePosition(message.Partition, message.Applied))],
            TimeSpan.FromSeconds(30),
            default
        );
    }

    /// <summary>Gets what the holder had, and acknowledges it, however often it comes.</summary>
    private sealed class Successor : IDeliverySink
    {
        private DeliveryStream? _stream;

        public TaskCompletionSource<Delivery> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public DeliveryStream Attach(EngineRun run) =>
            _stream = run.Subscriptions.Attach("holder", Held, new() { ReleaseAt = ReleaseAt.Applied }, this);

        public async ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
        {
            await Task.Yield();
            First.TrySetResult(delivery);
            await Eventually.TrueAsync(() => _stream is not null, Patience, "the stream is known");
            _stream!.Ack(delivery.Token);
        }
    }
}
