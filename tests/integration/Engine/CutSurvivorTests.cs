using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;
using RedisOptions = Darq.Tests.Shared.RedisOptions;

namespace Darq.Tests.Integration.Engine;

/// <summary>
/// The engine outlives the power cuts of its Redis: again and again, under load, with steps and answers on their way. It notices what is
/// lost, does that again, and never takes what it was told of a lost history for the present.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class CutSurvivorTests
{
    private const int Rounds = 4;
    private const int Writers = 4;
    private const int LastCalls = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Under fsync what the engine was told is on the disk: nothing of that is cut.</summary>
    [Theory]
    [InlineData(false, "reply")]
    [InlineData(true, "reply")]
    [InlineData(false, "fsync")]
    public async Task Engine_that_goes_on_after_power_cuts_does_again_what_was_lost(bool valkey, string level)
    {
        Assert.True(DurabilityLevel.TryParse(level, out var durability));
        var isCovered = durability.Kind == DurabilityKind.Fsync;
        var options = new NamespaceOptions
        {
            Name = $"survivor-{(valkey ? "valkey" : "redis")}-{level}",
            Partitions = 8,
            Durability = durability,
        };
        await using var redis = await RedisServer.StartAsync(
            new RedisOptions
            {
                Program = valkey ? RedisProgram.Valkey : RedisProgram.Redis,
                AppendFsync = isCovered ? "always" : "everysec",
            }
        );
        await using var run = await EngineRun.StartAsync(redis.Port, options);
        var random = new Random(17);
        var bank = new Bank(accounts: 12, seed: 17);
        await bank.OpenAsync(run);
        await using var app = new BankApp(run, bank);

        for (var round = 0; round < Rounds; round++)
        {
            using var load = BankLoad.Start(bank, run, round * Writers, Writers);
            var steps = bank.Steps.Count;
            await Eventually.TrueAsync(() => bank.Steps.Count > steps + 15, Patience, "steps are done");
            await redis.KillAsync();
            await Eventually.TrueAsync(() => !run.Redis.Connected, Patience, "the engine has read the last reply");
            Cut(redis, run, random, isCovered);
            await BankCheck.RestartAsync(redis);
            if (round % 2 == 0)
            {
                await BankCheck.GoesOnAsync(run);
            }

            await BankCheck.RestartAsync(redis);
            await load.StopAsync();
            (await BankCheck.FinishAsync(redis, run, bank)).Verify($"after cut {round}");
        }

        Assert.Equal(isCovered, run.Primary.Counters.Losses.Value == 0);
        if (isCovered)
        {
            Assert.Equal(0, run.Primary.Counters.BrokenPromises.Value);
        }
    }

    /// <summary>One cut of two is inside a call, if there is a call that may be cut; any other is anywhere.</summary>
    private static void Cut(RedisServer redis, EngineRun run, Random random, bool isCovered)
    {
        var file = AppendOnlyFile.Of(redis.Folder);
        var least = isCovered ? Covering(file, run) : file.Calls.TakeLast(LastCalls).FirstOrDefault()?.End ?? 0;
        var isInside = random.Next(2) == 0;
        var calls = file.Calls.Where(call => call.Start >= least).ToArray();
        var call = isInside && calls.Length > 0 ? calls[random.Next(calls.Length)] : null;
        var length = call is null ? random.Next(least, file.Length + 1) : random.Next(call.Start + 1, call.End);
        file.WriteTo(redis.Folder, length);
    }

    /// <summary>The least length that has all of which the engine was told.</summary>
    private static int Covering(AppendOnlyFile file, EngineRun run)
    {
        var told = run.Primary.Applied.Watermarks();
        var calls = file.Calls.Count;
        while (calls > 0)
        {
            var positions = file.PositionsAt(file.Calls[calls - 1].Start, run.Primary.Keys);
            if (told.Any(partition => partition.Applied > positions[partition.Partition]))
            {
                return file.Calls[calls - 1].End;
            }

            calls--;
        }

        return 0;
    }
}
