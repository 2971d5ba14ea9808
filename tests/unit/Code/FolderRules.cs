using System.Text.RegularExpressions;

namespace Darq.Tests.Unit.Code;

/// <summary>Which folder of the engine may use which, as the dependency rule in ARCHITECTURE.md says.</summary>
internal static partial class FolderRules
{
    public static readonly IReadOnlyDictionary<string, string[]> Allowed = new Dictionary<string, string[]>
    {
        ["Requests"] = ["Steps", "Subscriptions", "State", "Publishing", "Durability", "Core"],
        ["Steps"] = ["Subscriptions", "State", "Publishing", "Batching", "Connection", "Redis", "Core", "Telemetry"],
        ["Subscriptions"] = ["Publishing", "Batching", "Connection", "Redis", "Core", "Telemetry"],
        ["State"] = ["Batching", "Connection", "Redis", "Core", "Telemetry"],
        ["Publishing"] = ["Batching", "Connection", "Redis", "Core", "Telemetry"],
        ["Batching"] = ["Connection", "Redis", "Core", "Telemetry"],
        ["Durability"] = ["Connection", "Redis", "Core", "Telemetry"],
        ["Connection"] = ["Redis", "Core", "Telemetry"],
        ["Redis"] = ["Core", "Telemetry"],
        ["Core"] = ["Telemetry"],
        // Log lines name what they are about.
        ["Telemetry"] = ["Core"],
    };

    private const string Engine = "component/Darq.Engine/";

    // The primary owns the batch queue and the watermark, which see it through IPrimaryLink, and shows the rung that is in force. The
    // loop names the faults that pass by themselves.
    private static readonly IReadOnlyDictionary<string, string[]> Excepted = new Dictionary<string, string[]>
    {
        [Engine + "Connection/Primary.cs"] = ["Batching", "Durability"],
        [Engine + "Connection/PrimaryStatus.cs"] = ["Durability"],
        [Engine + "Telemetry/SupervisedLoop.cs"] = ["Redis"],
    };

    private static readonly string Folders = string.Join('|', Allowed.Keys);

    // Categories of loggers are names in quotes; a member called like a folder follows a point or an expression.
    private static readonly Regex Mention = new($@"(?<!"")\bDarq\.Engine\.([A-Z]\w+)|(?<![\w.)\]?!""])({Folders})\.[A-Z]");

    // A member called like a folder that the file declares itself: a property, or a parameter of a record.
    private static readonly Regex Member = new($@"[\w>\]?] ({Folders})(?= (?:\{{|=)|[,)])");

    /// <summary>Uses that the table does not allow, as "path: folder".</summary>
    public static IEnumerable<string> Forbidden(SourceFile file)
    {
        if (!file.Path.StartsWith(Engine, StringComparison.Ordinal))
        {
            return [];
        }

        var folder = file.Path.Split('/')[2];
        if (!Allowed.TryGetValue(folder, out var allowed))
        {
            return [$"{file.Path}: folder {folder} is in no layer"];
        }

        return Uses(file.Text)
            .Where(used => used != folder && !allowed.Contains(used) && Excepted.GetValueOrDefault(file.Path)?.Contains(used) != true)
            .Select(used => $"{file.Path}: {used}");
    }

    /// <summary>A project's folder, such as <c>Darq.Engine/Core</c>; a folder below it belongs to it.</summary>
    public static string FolderOf(SourceFile file) => string.Join('/', file.Path.Split('/')[1..^1].Take(2));

    /// <summary>The folders whose namespaces a text names, by using, in full or by the last part.</summary>
    public static IEnumerable<string> Uses(string text)
    {
        var code = Comment().Replace(text, "");
        var members = Member.Matches(code).Select(member => member.Groups[1].Value).ToHashSet();
        return Mention
            .Matches(code)
            .Where(mention => !members.Contains(mention.Groups[2].Value))
            .Select(mention => mention.Groups[1].Value + mention.Groups[2].Value)
            .Where(Allowed.ContainsKey)
            .Distinct();
    }

    [GeneratedRegex(@"^\s*//.*$|^namespace .*$", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
