using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.ToolsScript;

/// <summary>
/// The tests of examples/sdk/python skip where pip finds no SDK, and for no other reason: whatever else goes wrong fails the script.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class PythonSdkTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly PythonPackages _packages = new();

    [Fact]
    public async Task Required_packages_are_installed_once()
    {
        foreach (var (name, version) in PythonPackages.Required())
        {
            _packages.Add(name, version);
        }

        await SucceedsAsync();
        Assert.Equal([$"export DARQ_PYTHON_SDK='{_packages.Sdk}'"], _packages.Lines());
        Assert.All(
            PythonPackages.Required(),
            package => Assert.True(Directory.Exists(Path.Combine(_packages.Sdk, package.Name.Replace('-', '_'))), package.Name)
        );
        Assert.Empty(await SucceedsAsync());
    }

    [Fact]
    public async Task Machine_without_an_SDK_is_told_to_skip_in_pips_words()
    {
        Assert.Equal(
            ["tools: pip finds no SDK for Python, so that the tests of examples/sdk/python will skip"],
            await SucceedsAsync()
        );
        Assert.Matches(
            "^export DARQ_PYTHON_SDK_MISSING='pip: [^']*No matching distribution found for dapr'$",
            Assert.Single(_packages.Lines())
        );
    }

    [Fact]
    public async Task Version_that_does_not_exist_fails_the_script()
    {
        _packages.Add("dapr", "0.0.1");

        var output = await EndsAsync(1);

        Assert.Contains(output, line => line.Contains("No matching distribution found for dapr[", StringComparison.Ordinal));
        Assert.Equal(
            $"tools: pip could not install {Repository.PathOf("examples", "sdk", "python", "requirements.txt")}",
            output[^1]
        );
    }

    [Fact]
    public async Task Package_that_pip_cannot_read_fails_the_script()
    {
        await File.WriteAllTextAsync(_packages.PathOfWheel("dapr", "1.19.0"), "no archive");

        Assert.StartsWith("tools: pip failed: ", (await EndsAsync(1))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task SDK_of_the_callers_own_is_left_to_the_variable()
    {
        Assert.Empty(await SucceedsAsync(ownSdk: "/somewhere/else"));
        Assert.Empty(_packages.Lines());
    }

    public void Dispose() => _packages.Dispose();

    private Task<IReadOnlyList<string>> SucceedsAsync(string? ownSdk = null) => EndsAsync(0, ownSdk);

    private async Task<IReadOnlyList<string>> EndsAsync(int code, string? ownSdk = null)
    {
        await using var script = await _packages.RunScriptAsync(ownSdk);
        Assert.True(await script.WaitForExitAsync(Patience) == code, script.Output.ToString());
        return script.Output.All;
    }
}
