using Darq.Tests.Shared;
using Darq.Tests.Simulation.Transfers;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>As <see cref="MutantTests"/>: each patch breaks what durable means on purpose, and the drills must find it out.</summary>
[Trait("Lane", "Slow")]
public sealed class DurabilityMutantTests(ITestOutputHelper output) : IDisposable
{
    private readonly EngineCopy _copy = new();

    public static TheoryData<string> Names =>
        [
            .. Directory
                .EnumerateFiles(Folder, "*.patch")
                .Select(file => Path.GetFileNameWithoutExtension(file))
                .Order(StringComparer.Ordinal),
        ];

    private static string Folder => Repository.PathOf("tests", "simulation", "mutants", "durability");

    public void Dispose() => _copy.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Component_broken_on_purpose_is_found_out(string mutant)
    {
        await _copy.ApplyAsync(Path.Combine(Folder, mutant + ".patch"));
        var judge = await _copy.JudgeAsync(typeof(DurabilityDrill));

        var failure = Seeds.FirstFailure(1, DurabilityTests.LastSeed, judge);

        output.WriteLine(failure ?? "");
        Assert.True(failure is not null, $"{DurabilityTests.LastSeed} seeds did not find out what is wrong: {mutant}");
    }
}
