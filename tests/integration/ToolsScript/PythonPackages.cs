using System.IO.Compression;
using System.Text.RegularExpressions;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.ToolsScript;

/// <summary>
/// A folder that is all that pip reaches, with empty packages of the right names, and a run of <c>tests/tools.sh python</c> on a machine
/// that has nothing else.
/// </summary>
internal sealed partial class PythonPackages : IDisposable
{
    private readonly TempFolder _folder = new();

    public PythonPackages() => Directory.CreateDirectory(_folder.PathOf("wheels"));

    public string Sdk => _folder.PathOf("tools/python-sdk");

    /// <summary>What examples/sdk/python needs: names and exact versions.</summary>
    public static IReadOnlyList<(string Name, string Version)> Required() =>
        [
            .. Requirement()
                .Matches(File.ReadAllText(Repository.PathOf("examples", "sdk", "python", "requirements.txt")))
                .Select(match => (match.Groups[1].Value, match.Groups[2].Value)),
        ];

    public string PathOfWheel(string name, string version) =>
        _folder.PathOf($"wheels/{name.Replace('-', '_')}-{version}-py3-none-any.whl");

    public void Add(string name, string version)
    {
        var module = name.Replace('-', '_');
        using var wheel = ZipFile.Open(PathOfWheel(name, version), ZipArchiveMode.Create);
        Write(wheel, $"{module}/__init__.py", "");
        var about = $"{module}-{version}.dist-info";
        Write(wheel, $"{about}/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        Write(wheel, $"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
        Write(wheel, $"{about}/RECORD", "");
    }

    public Task<ChildProcess> RunScriptAsync(string? ownSdk = null) =>
        ChildProcess.StartAsync(
            Repository.PathOf("tests", "tools.sh"),
            ["python"],
            new Dictionary<string, string?>
            {
                ["DARQ_TOOLS"] = _folder.PathOf("tools"),
                ["DARQ_PYTHON_SDK"] = ownSdk,
                ["PIP_CONFIG_FILE"] = "/dev/null",
                ["PIP_NO_INDEX"] = "1",
                ["PIP_FIND_LINKS"] = _folder.PathOf("wheels"),
            }
        );

    /// <summary>The lines that the script wrote for the tests, without its comment.</summary>
    public IReadOnlyList<string> Lines() =>
        [.. File.ReadAllLines(_folder.PathOf("tools/env.sh")).Where(line => line.Contains("DARQ_PYTHON_SDK", StringComparison.Ordinal))];

    public void Dispose() => _folder.Dispose();

    private static void Write(ZipArchive wheel, string name, string text)
    {
        using var writer = new StreamWriter(wheel.CreateEntry(name).Open());
        writer.Write(text);
    }

    [GeneratedRegex(@"^([\w-]+)(?:\[.*\])?==(\S+)$", RegexOptions.Multiline)]
    private static partial Regex Requirement();
}
