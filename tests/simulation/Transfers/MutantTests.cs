using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// A simulator that finds nothing proves nothing: each patch in <c>tests/simulation/mutants</c> breaks the engine on
/// purpose, and the storms must find it out.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class MutantTests(ITestOutputHelper output) : IDisposable
{
    public const int LastSeed = 200;

    private readonly EngineCopy _copy = new();

    public static TheoryData<string> Names =>
        [
            .. Directory
                .EnumerateFiles(Folder, "*.patch")
                .Select(file => Path.GetFileNameWithoutExtension(file))
                .Order(StringComparer.Ordinal),
        ];

    private static string Folder => Repository.PathOf("tests", "simulation", "mutants");

    public void Dispose() => _copy.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Component_broken_on_purpose_is_found_out(string mutant)
    {
        var patch = Path.Combine(Folder, mutant + ".patch");
        var lines = await File.ReadAllLinesAsync(patch);
        Assert.EndsWith(".", lines[0], StringComparison.Ordinal);
        await _copy.ApplyAsync(patch);
        var judge = await _copy.JudgeAsync(
            isBuilt: lines.Any(line =>
                line.StartsWith("+++ ", StringComparison.Ordinal) && !line.EndsWith(".lua", StringComparison.Ordinal)
            )
        );

        var failure = Seeds.FirstFailure(SeedsWith(lines[1]), judge);

        output.WriteLine(failure ?? "");
        Assert.True(failure is not null, $"{LastSeed} seeds did not find out what is wrong: {lines[0]}");
    }

    [Theory]
    [InlineData(false, LastSeed / 6)]
    [InlineData(true, LastSeed / 4)]
    public async Task Copy_without_a_patch_holds(bool isBuilt, int lastSeed)
    {
        var judge = await _copy.JudgeAsync(isBuilt);

        Assert.Null(Seeds.FirstFailure(1, lastSeed, judge));
    }

    /// <summary>The seeds that have the hazards that find a mutant out, as its second line names them, go before the others.</summary>
    private static int[] SeedsWith(string hazards)
    {
        var wanted = hazards.Length == 0 ? Hazards.None : Enum.Parse<Hazards>(hazards);
        return [.. Enumerable.Range(1, LastSeed).OrderBy(seed => Forecast.Of(seed, Hazards.All).HasFlag(wanted) ? 0 : 1)];
    }
}
