using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm.Chart;

/// <summary>The sets of values with which the chart is tried: its defaults, and each file of <c>helm/darq/ci</c>.</summary>
internal static class ValuesFile
{
    public const string Defaults = "default";

    private const string Ending = "-values.yaml";

    public static IReadOnlyList<string> Names { get; } =
    [
        Defaults,
        .. Directory
            .EnumerateFiles(Repository.PathOf("helm", "darq", "ci"))
            .Select(path => Path.GetFileName(path)[..^Ending.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>For xunit: one case for each set.</summary>
    public static TheoryData<string> Cases => [.. Names];

    /// <summary>The arguments of helm that name the set.</summary>
    public static string[] Arguments(string name) => name == Defaults ? [] : ["--values", $"helm/darq/ci/{name}{Ending}"];
}
