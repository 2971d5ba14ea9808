using Darq.Tests.Simulation.Transfers;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>What was answered as durable, or shown outside, is there after any loss of what was not confirmed.</summary>
public sealed class DurabilityTests
{
    public const int LastSeed = 100;

    [Fact]
    public void Nothing_that_was_answered_or_shown_is_contradicted() => Assert.Null(Seeds.FirstFailure(1, LastSeed, DurabilityDrill.Judge));

    [Fact]
    public void Drills_lose_writes()
    {
        var losses = 0;
        for (var seed = 1; seed <= 20; seed++)
        {
            using var drill = new DurabilityDrill(seed);
            drill.Run();
            losses += drill.Losses;
        }

        Assert.True(losses >= 5, $"{losses} losses in 20 drills");
    }
}
