using System.Text.Json.Nodes;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Code;

/// <summary>The bill of materials names what the lock file of the component locks.</summary>
public sealed class BillOfMaterialsTests : IDisposable
{
    private const string Lock = "component/Darq.Component/packages.lock.json";
    private const string Bill = "component/sbom.spdx.json";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();

    public BillOfMaterialsTests()
    {
        Directory.CreateDirectory(_folder.PathOf("component/Darq.Component"));
        foreach (
            var file in new[] { Lock, Bill, "component/sbom.py", "component/Darq.Component/Darq.Component.csproj", "Directory.Build.props" }
        )
        {
            File.Copy(Repository.PathOf(file), _folder.PathOf(file));
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_is_of_the_lock_file()
    {
        var (code, said) = await CheckAsync();

        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task It_has_every_locked_package_with_its_version_and_checksum()
    {
        var locked = JsonNode.Parse(await File.ReadAllTextAsync(Repository.PathOf(Lock)))!["dependencies"]!["net10.0"]!.AsObject();
        var bill = JsonNode.Parse(await File.ReadAllTextAsync(Repository.PathOf(Bill)))!["packages"]!.AsArray();

        Assert.Equal(
            locked
                .Where(package => package.Value!["resolved"] is not null)
                .Select(package => $"{package.Key} {package.Value!["resolved"]} {Hex((string)package.Value["contentHash"]!)}")
                .Order(StringComparer.Ordinal),
            bill.Skip(1)
                .Select(package => $"{package!["name"]} {package["versionInfo"]} {package["checksums"]![0]!["checksumValue"]}")
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task It_is_refused_where_a_package_has_another_version_since()
    {
        var path = _folder.PathOf(Lock);
        var text = await File.ReadAllTextAsync(path);
        await File.WriteAllTextAsync(path, text.Replace("\"resolved\": \"3.4.35\"", "\"resolved\": \"3.4.36\"", StringComparison.Ordinal));

        var (code, said) = await CheckAsync();

        Assert.Equal(1, code);
        Assert.Equal("sbom.spdx.json is not of Darq.Component/packages.lock.json; write it again with component/sbom.py", said);
    }

    private static string Hex(string base64) => Convert.ToHexStringLower(Convert.FromBase64String(base64));

    private async Task<(int Code, string Said)> CheckAsync()
    {
        await using var check = await ChildProcess.StartAsync("python3", [_folder.PathOf("component/sbom.py"), "--check"]);
        var code = await check.WaitForExitAsync(Patience);
        return (code, string.Join('\n', check.Output.All));
    }
}
