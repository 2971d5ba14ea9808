using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Redis;

public sealed class FunctionLibraryTests
{
    [Fact]
    public async Task Every_change_of_the_code_has_a_build_of_its_own()
    {
        var path = Repository.PathOf(LibraryBuilds.FileName);
        var builds = LibraryBuilds.Parse(await File.ReadAllTextAsync(path));
        if (Environment.GetEnvironmentVariable("DARQ_RENEW") == "1")
        {
            builds = builds.With(FunctionLibrary.Build, FunctionLibrary.Code);
            await File.WriteAllLinesAsync(path, builds.Rows);
        }

        // Not by Assert.Null, which would cut the remedy off.
        var fault = builds.Fault(FunctionLibrary.Build, FunctionLibrary.Code) ?? builds.Fault(await CommittedAsync());
        Assert.True(fault is null, fault);
    }

    [Fact]
    public void The_guide_shows_the_build() =>
        Assert.Contains(
            $"(function library {FunctionLibrary.Version}, build {FunctionLibrary.Build})",
            File.ReadAllText(Repository.PathOf("docs/install.md")),
            StringComparison.Ordinal
        );

    [Fact]
    public void Changed_code_needs_a_new_build_and_not_only_a_new_digest()
    {
        var builds = new LibraryBuilds([]).With(7, "a");

        Assert.Null(builds.Fault(7, "a"));
        Assert.Contains("another code already is build 7", builds.Fault(7, "b"), StringComparison.Ordinal);
        Assert.Contains("another code already is build 7", builds.With(7, "b").Fault(7, "b"), StringComparison.Ordinal);
        Assert.Contains("Build 8 of the function library has no digest", builds.Fault(8, "b"), StringComparison.Ordinal);
        Assert.Null(builds.With(8, "b").Fault(8, "b"));
        Assert.NotNull(builds.With(8, "b").Fault(7, "a"));
    }

    [Fact]
    public void Digest_of_a_committed_build_is_never_replaced()
    {
        var builds = new LibraryBuilds([]).With(7, "a");

        Assert.Null(builds.With(8, "b").Fault(builds));
        Assert.NotNull(new LibraryBuilds([]).With(7, "b").Fault(builds));
        Assert.NotNull(new LibraryBuilds([]).With(8, "b").Fault(builds));
    }

    /// <summary>The rows of the last commit; none where there is no repository, as in an unpacked archive.</summary>
    private static async Task<LibraryBuilds> CommittedAsync()
    {
        await using var git = await ChildProcess.StartAsync("git", ["show", $"HEAD:{LibraryBuilds.FileName}"]);
        var exitCode = await git.WaitForExitAsync(TimeSpan.FromSeconds(30));
        return new(exitCode == 0 ? git.Output.All : []);
    }
}
