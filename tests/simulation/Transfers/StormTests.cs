using System.Globalization;
using Darq.Tests.Shared.History;
using Xunit;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// DARQ_SEED=n runs that seed alone and tells its story; DARQ_SEEDS=first-last runs others than the usual ones. DARQ_HAZARDS names those
/// of the seeds' hazards that may come, with commas in between (None: the storms of old).
/// </summary>
public sealed class StormTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("Lane", "Slow")]
    public void Storms_break_no_promise()
    {
        var (first, last) = Range();
        var failure = Seeds.FirstFailure(
            first,
            last,
            seed =>
            {
                var why = Seeds.Judge(
                    new Scenario(seed) { IsTold = first == last, Allowed = AllowedHazards() },
                    story =>
                    {
                        if (first == last)
                        {
                            output.WriteLine(story);
                        }
                    }
                );
                return why is null ? null : $"{why}\nReplay: DARQ_SEED={seed} dotnet test tests/simulation --filter Storms";
            }
        );
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

    private static Hazards AllowedHazards() =>
        Environment.GetEnvironmentVariable("DARQ_HAZARDS") is { Length: > 0 } names ? Enum.Parse<Hazards>(names) : Hazards.All;

    private static (int First, int Last) Range()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("DARQ_SEED"), CultureInfo.InvariantCulture, out var seed))
        {
            return (seed, seed);
        }

        var range = Environment.GetEnvironmentVariable("DARQ_SEEDS") ?? "1-200";
        var ends = range.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToArray();
        return (ends[0], ends[^1]);
    }
}
