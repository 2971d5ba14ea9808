using System.Text.RegularExpressions;

namespace Darq.Tests.Unit.Code;

/// <summary>Which folder of the component may use which, as the list of layers in ARCHITECTURE.md says.</summary>
internal static partial class FolderRules
{
    public static readonly IReadOnlyDictionary<string, string[]> Allowed = new Dictionary<string, string[]>
    {
        // The composition root.
        [""] = ["Hosting", "Redis", "Telemetry"],
        ["Hosting"] = ["Steps", "Lanes", "State", "Publishing", "Partitions", "Redis", "Telemetry"],
        ["Steps"] = ["Lanes", "State", "Publishing", "Partitions", "Redis", "Telemetry"],
        ["State"] = ["Partitions", "Redis", "Telemetry"],
        ["Lanes"] = ["Publishing", "Partitions", "Redis", "Telemetry"],
        ["Publishing"] = ["Partitions", "Redis", "Telemetry"],
        ["Partitions"] = ["Redis", "Telemetry"],
        ["Redis"] = ["Telemetry"],
        // Log lines name what they are about.
        ["Telemetry"] = ["Hosting", "Partitions"],
    };

    /// <summary>Uses that the table does not allow, as "path: folder".</summary>
    public static IEnumerable<string> Forbidden(SourceFile file)
    {
        var folder = FolderOf(file);
        if (!Allowed.TryGetValue(folder, out var allowed))
        {
            return [$"{file.Path}: folder {folder} is in no layer"];
        }

        return Uses(file.Text).Where(used => used != folder && !allowed.Contains(used)).Select(used => $"{file.Path}: {used}");
    }

    public static string FolderOf(SourceFile file)
    {
        var parts = file.Path.Split('/');
        return parts.Length > 2 ? parts[1] : "";
    }

    /// <summary>The folders whose namespaces a text names, by using, in full or by the last part.</summary>
    public static IEnumerable<string> Uses(string text) =>
        Mention()
            .Matches(Comment().Replace(text, ""))
            .Select(mention => mention.Groups[1].Value + mention.Groups[2].Value)
            .Where(Allowed.ContainsKey)
            .Distinct();

    [GeneratedRegex(@"^\s*//.*$|^namespace .*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    // Categories of loggers are names in quotes; a member called like a folder follows a point or an expression.
    [GeneratedRegex(@"(?<!"")\bDarq\.([A-Z]\w+)|(?<![\w.)\]?!""])(Hosting|Steps|Lanes|Publishing|Partitions|Redis|Telemetry)\.[A-Z]")]
    private static partial Regex Mention();
}
