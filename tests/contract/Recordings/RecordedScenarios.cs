using Xunit;

namespace Darq.Tests.Contract.Recordings;

/// <summary>Plays scenarios and holds the sidecar to what daprd 1.18.3 said in them.</summary>
[Trait("Lane", "Slow")]
public abstract class RecordedScenarios
{
    /// <summary>The listed scenarios whose names begin in one of the given ways.</summary>
    protected static TheoryData<string> Beginning(params string[] beginnings) =>
        new(Scenario.Names.Where(name => beginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal))));

    protected static async Task PlayAsync(string name)
    {
        var scenario = Scenario.Load(name);
        Assert.SkipWhen(
            scenario.Dispatch is not null && Environment.GetEnvironmentVariable("SIDECAR_CONCURRENT") == "1",
            "this recording holds for a sidecar that hands over one message at a time, and SIDECAR_CONCURRENT is set"
        );
        var difference = Difference.Between(scenario.Recorded, await Play.RunAsync(scenario), scenario);
        Assert.True(difference.Length == 0, $"{name}: the sidecar differs from daprd 1.18.3\n{difference}");
    }
}
