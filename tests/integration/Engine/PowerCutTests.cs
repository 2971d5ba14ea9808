using System.Collections.Concurrent;
using System.Globalization;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;
using RedisOptions = Darq.Tests.Shared.RedisOptions;

namespace Darq.Tests.Integration.Engine;

/// <summary>
/// A power cut leaves any number of bytes of the append-only file. Whatever is left, the next engine finds a prefix of what was applied,
/// and whole steps; it does again what is lost, and the server may start once more at any time. DARQ_CUTS asks for so many cuts at random
/// bytes, and for cuts inside and after every command of the last calls; DARQ_SEED for others.
/// </summary>
[Trait("Lane", "Slow")]
public abstract class PowerCutTests(bool valkey)
{
    private const int LastCalls = 20;
    private const int Writers = 6;
    private const int UsualCuts = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly int? Asked = Setting("DARQ_CUTS");
    private static readonly int Seed = Setting("DARQ_SEED") ?? 17;

    private readonly RedisProgram _program = valkey ? RedisProgram.Valkey : RedisProgram.Redis;

    private readonly NamespaceOptions _options = new() { Name = $"cuts-{(valkey ? "valkey" : "redis")}", Partitions = 8 };

    [Fact]
    public async Task Wherever_the_file_is_cut_no_step_is_half_done_and_what_is_lost_is_done_again()
    {
        var (bank, file) = await WorkAsync();
        var failures = new ConcurrentQueue<string>();
        var cuts = Cuts(file).ToArray();

        await Parallel.ForEachAsync(
            cuts.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken },
            async (cut, _) =>
            {
                // Kinds of cuts alternate, so that orders alternate half as often: each kind gets both.
                var ((number, (length, where)), restartsFirst) = (cut, cut.Index / 2 % 2 == 0);
                try
                {
                    await CutAsync(bank, file, length, restartsFirst);
                }
                catch (Exception fault)
                {
                    var order = restartsFirst ? "before" : "after";
                    failures.Enqueue(
                        $"cut {number} at {length} of {file.Length} ({where}), second start {order} the work: {fault.Message}"
                    );
                }
            }
        );

        TestContext.Current.SendDiagnosticMessage($"{cuts.Length} cuts of {file.Length} bytes, seed {Seed}, {failures.Count} failed");
        Assert.True(failures.IsEmpty, $"seed {Seed}, {failures.Count} of {cuts.Length} failed:\n{string.Join("\n", failures)}");
    }

    /// <summary>Work under load until the server is killed.</summary>
    private async Task<(Bank Bank, AppendOnlyFile File)> WorkAsync()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Program = _program });
        await using var run = await EngineRun.StartAsync(redis.Port, _options);
        var bank = new Bank(accounts: 12, Seed);
        await bank.OpenAsync(run);
        await using var app = new BankApp(run, bank);
        using var load = BankLoad.Start(bank, run, first: 0, Writers);
        await Eventually.TrueAsync(() => bank.Steps.Count > 100, Patience, "a hundred steps are done");
        await redis.KillAsync();
        await load.StopAsync();
        await run.DisposeAsync();
        return (bank, AppendOnlyFile.Of(redis.Folder));
    }

    /// <summary>
    /// Of each of the last calls: inside a command of it, and after one, which may be its last; of every command where many are asked for.
    /// And some bytes of the last half.
    /// </summary>
    private static IEnumerable<(int Length, string Where)> Cuts(AppendOnlyFile file)
    {
        var random = new Random(Seed);
        foreach (var call in file.Calls.TakeLast(LastCalls))
        {
            int[] ends = [.. call.Commands.Select(command => command.End), call.End];
            var torn = Asked is null ? [call.Commands[random.Next(call.Commands.Count)]] : call.Commands;
            foreach (var command in torn)
            {
                yield return (random.Next(command.Start + 1, command.End), $"inside {command.Words[0]} of a call");
            }

            foreach (var end in Asked is null ? [ends[random.Next(ends.Length)]] : ends)
            {
                yield return (end, end == call.End ? "after a call" : "between two commands of a call");
            }
        }

        for (var i = 0; i < (Asked ?? UsualCuts); i++)
        {
            yield return (random.Next(file.Length / 2, file.Length + 1), "at random");
        }
    }

    private async Task CutAsync(Bank asked, AppendOnlyFile file, int length, bool restartsFirst)
    {
        var bank = asked.Copy();
        await using var redis = await RedisServer.StartAsync(
            new RedisOptions { Program = _program },
            folder => file.WriteTo(folder, length)
        );
        await using var run = await EngineRun.StartAsync(redis.Port, _options);
        var survived = file.PositionsAt(length, run.Primary.Keys);
        var found = await BankView.ReadAsync(run, bank);
        found.Verify("after the cut", found.Contradictions(survived));
        if (restartsFirst)
        {
            await StartsAgainAsync(redis, run, bank, found);
        }

        await using var app = new BankApp(run, bank);
        await bank.RepeatAsync(run, Patience);
        var lost = BankCheck.NoPrefix(asked, bank, found, survived).ToArray();
        var done = await BankCheck.FinishAsync(redis, run, bank);
        done.Verify("when all was done again", lost);
        if (!restartsFirst)
        {
            await StartsAgainAsync(redis, run, bank, done);
            (await BankCheck.FinishAsync(redis, run, bank)).Verify("in the end");
        }
    }

    /// <summary>The server dies again, and nothing comes to light that was not there.</summary>
    private static async Task StartsAgainAsync(RedisServer redis, EngineRun run, Bank bank, BankView before)
    {
        await BankCheck.RestartAsync(redis);
        await BankCheck.GoesOnAsync(run);
        var after = await BankView.ReadAsync(run, bank);
        after.Verify(
            "after the second start",
            [
                .. after.Lines.Except(before.Lines).Select(line => $"new is {line}"),
                .. before.Lines.Except(after.Lines).Select(line => $"gone is {line}"),
            ]
        );
    }

    private static int? Setting(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : null;
}

public sealed class PowerCutTestsOnRedis() : PowerCutTests(valkey: false);

public sealed class PowerCutTestsOnValkey() : PowerCutTests(valkey: true);
