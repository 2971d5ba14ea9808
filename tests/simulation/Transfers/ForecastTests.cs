using Xunit;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>A hazard that never comes proves nothing.</summary>
[Trait("Lane", "Slow")]
public sealed class ForecastTests(ITestOutputHelper output)
{
    private const int LeastSeeds = 5;

    [Fact]
    public void Every_hazard_comes_in_the_seeds_that_mutants_meet()
    {
        Dictionary<Hazards, (int Seeds, int Times)> came = Forecast.Kinds.ToDictionary(hazard => hazard, _ => (0, 0));
        var failure = Seeds.FirstFailure(
            1,
            MutantTests.LastSeed,
            seed =>
            {
                using var simulation = new Simulation(new Scenario(seed));
                simulation.Run();
                lock (came)
                {
                    foreach (var (hazard, times) in simulation.Occurred)
                    {
                        came[hazard] = (came[hazard].Seeds + 1, came[hazard].Times + times);
                    }
                }

                return null;
            }
        );

        Assert.Null(failure);
        foreach (var (hazard, (seeds, times)) in came)
        {
            output.WriteLine($"{hazard}: {times} times in {seeds} seeds");
            Assert.True(seeds >= LeastSeeds, $"{hazard} came in {seeds} of {MutantTests.LastSeed} seeds.");
        }
    }

    [Fact]
    public void Hazard_that_is_not_allowed_changes_no_other_draw()
    {
        foreach (var seed in Enumerable.Range(1, 100))
        {
            foreach (var hazard in Forecast.Kinds)
            {
                Assert.Equal(Forecast.Of(seed, Hazards.All) & ~hazard, Forecast.Of(seed, Hazards.All & ~hazard));
            }
        }
    }
}
