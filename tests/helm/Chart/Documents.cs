using System.Text.RegularExpressions;
using Darq.Tests.Shared;

namespace Darq.Tests.Helm.Chart;

/// <summary>The project's documents as targets of links.</summary>
internal static partial class Documents
{
    /// <summary>Whether a link from a folder, such as <c>../docs/metrics.md#name</c>, leads to a file and a heading of it.</summary>
    public static bool Has(string folder, string link)
    {
        var parts = link.Split('#');
        var path = Repository.PathOf(folder, parts[0]);
        return Path.Exists(path)
            && (parts.Length == 1 || File.ReadAllLines(path).Where(line => line.StartsWith('#')).Select(Anchor).Contains(parts[1]));
    }

    /// <summary>As GitHub makes it from a heading.</summary>
    private static string Anchor(string heading) =>
        NoAnchor().Replace(heading.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
