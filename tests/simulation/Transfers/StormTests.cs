using System.Globalization;
using Darq.Tests.Shared.History;
using Xunit;
using Xunit.Abstractions;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// DARQ_SEED=n runs that seed alone and tells its story; DARQ_SEEDS=first-last runs others than the usual ones.
/// </summary>
public sealed class StormTests(ITestOutputHelper output)
{
    [Fact]
    public void Storms_break_no_promise()
    {
        var (first, last) = Seeds();
        var (seed, failure) = (first - 1, (string?)null);
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (Volatile.Read(ref failure) is null && Interlocked.Increment(ref seed) is var mine && mine <= last)
            {
                if (Judge(new Scenario(mine) { IsTold = first == last }) is { } why)
                    Interlocked.CompareExchange(ref failure, $"Seed {mine}: {why}\nReplay: DARQ_SEED={mine} dotnet test tests/simulation --filter Storms", null);
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.True(failure is null, failure);
    }

    [Fact]
    public void One_seed_decides_everything()
    {
        List<string> Lines()
        {
            using var simulation = new Simulation(new Scenario(7) { IsTold = true });
            simulation.Run();
            return [.. simulation.Bank.History.Select(HistoryLog.Line), .. simulation.Story];
        }

        Assert.Equal(Lines(), Lines());
    }

    /// <summary>Null where all promises hold.</summary>
    private string? Judge(Scenario scenario)
    {
        using var simulation = new Simulation(scenario);
        try
        {
            var verdict = simulation.Run();
            if (scenario.IsTold)
                output.WriteLine(Told(simulation) + verdict);
            return verdict.Violations.Count == 0 && simulation.Bank.Finished ? null : verdict.ToString();
        }
        catch (Exception fault) when (fault is InvalidOperationException or TimeoutException)
        {
            if (scenario.IsTold)
                output.WriteLine(Told(simulation));
            return fault.ToString();
        }
    }

    private static string Told(Simulation simulation) => string.Join('\n', simulation.Story) + "\n";

    private static (int First, int Last) Seeds()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("DARQ_SEED"), out var seed))
            return (seed, seed);
        var range = Environment.GetEnvironmentVariable("DARQ_SEEDS") ?? "1-200";
        var ends = range.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToArray();
        return (ends[0], ends[^1]);
    }
}
