using Darq.Tests.Shared;
using Darq.Tests.Simulation.Transfers;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>
/// As <see cref="MutantTests"/>: each patch breaks on purpose what durable means, what a barrier says, or what is held, and the drills must
/// find it out.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class DurabilityMutantTests(ITestOutputHelper output) : IDisposable
{
    private readonly EngineCopy _copy = new();

    public static TheoryData<string> OfDurability => NamesIn("durability");

    public static TheoryData<string> OfBarriers => NamesIn("barrier");

    public static TheoryData<string> OfHolds => NamesIn("held");

    public void Dispose() => _copy.Dispose();

    [Theory]
    [MemberData(nameof(OfDurability))]
    public Task Component_broken_on_purpose_is_found_out(string mutant) =>
        FindOutAsync("durability", mutant, typeof(DurabilityDrill), DurabilityTests.LastSeed);

    [Theory]
    [MemberData(nameof(OfBarriers))]
    public Task Barrier_broken_on_purpose_is_found_out(string mutant) =>
        FindOutAsync("barrier", mutant, typeof(SpeculativeDrill), BarrierTests.LastSeed);

    [Theory]
    [MemberData(nameof(OfHolds))]
    public Task Hold_broken_on_purpose_is_found_out(string mutant) => FindOutAsync("held", mutant, typeof(HeldDrill), HeldTests.LastSeed);

    private static string FolderOf(string kind) => Repository.PathOf("tests", "simulation", "mutants", kind);

    private static TheoryData<string> NamesIn(string kind) =>
        [
            .. Directory
                .EnumerateFiles(FolderOf(kind), "*.patch")
                .Select(file => Path.GetFileNameWithoutExtension(file))
                .Order(StringComparer.Ordinal),
        ];

    private async Task FindOutAsync(string kind, string mutant, Type drill, int lastSeed)
    {
        await _copy.ApplyAsync(Path.Combine(FolderOf(kind), mutant + ".patch"));
        var judge = await _copy.JudgeAsync(drill);

        var failure = Seeds.FirstFailure(1, lastSeed, judge);

        output.WriteLine(failure ?? "");
        Assert.True(failure is not null, $"{lastSeed} seeds did not find out what is wrong: {mutant}");
    }
}
