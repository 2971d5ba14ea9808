using System.Text.RegularExpressions;

namespace Darq.Tests.Shared;

/// <summary>
/// Where the programs are that <c>tests/tools.sh</c> provides. The environment wins; without it (a test started from an
/// editor) the file that the script wrote is read.
/// </summary>
internal static partial class Tools
{
    private static readonly Lazy<Dictionary<string, string>> Written = new(ReadWritten);

    public static string RedisServer => Find("DARQ_REDIS_SERVER");
    public static string RedisCli => Find("DARQ_REDIS_CLI");
    public static string ValkeyServer => Find("DARQ_VALKEY_SERVER");

    /// <summary>Debian's own Python, because the compiled part of its gRPC package fits no other.</summary>
    public static string Python => File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

    /// <summary>What a program needs to see so that the unpacked libraries and Python packages are found.</summary>
    public static Dictionary<string, string?> Environment() =>
        new()
        {
            ["LD_LIBRARY_PATH"] = Joined("LD_LIBRARY_PATH", "DARQ_LIBRARY_PATH"),
            ["PYTHONPATH"] = Joined("PYTHONPATH", "DARQ_PYTHON_PATH"),
        };

    /// <summary>What a program needs in PYTHONPATH to import Dapr's SDK; null where pip finds no such package.</summary>
    public static string? PythonSdk => Value("DARQ_PYTHON_SDK");

    /// <summary>Why there is no such SDK, in pip's words; null where there is one.</summary>
    public static string? PythonSdkMissing => PythonSdk is null ? Find("DARQ_PYTHON_SDK_MISSING") : null;

    private static string Find(string variable) =>
        Value(variable) ?? throw new InvalidOperationException($"{variable} is not known. Run: tests/tools.sh");

    private static string? Joined(string existing, string added)
    {
        var parts = new[] { Value(added), System.Environment.GetEnvironmentVariable(existing) };
        var joined = string.Join(':', parts.Where(part => !string.IsNullOrEmpty(part)).SelectMany(part => part!.Split(':')).Distinct());
        return joined.Length == 0 ? null : joined;
    }

    private static string? Value(string variable)
    {
        var value = System.Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrEmpty(value) ? Written.Value.GetValueOrDefault(variable) : value;
    }

    private static Dictionary<string, string> ReadWritten()
    {
        var path = Repository.PathOf(".tools", "env.sh");
        if (!File.Exists(path))
        {
            return [];
        }

        return Export().Matches(File.ReadAllText(path)).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
    }

    [GeneratedRegex("^export (DARQ_[A-Z0-9_]+)='([^']*)'$", RegexOptions.Multiline)]
    private static partial Regex Export();
}
