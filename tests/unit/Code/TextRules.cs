using System.Text.RegularExpressions;

namespace Darq.Tests.Unit.Code;

/// <summary>What may stand in no file. The words are put together here, so that this file passes its own rules.</summary>
internal static class TextRules
{
    public static readonly Regex Unfinished = new(
        $@"\b(TO{"DO"}|FIX{"ME"})\b|NotImplemented{"Exception"}|\bSkip\{"s"}*=\{"s"}*""",
        RegexOptions.None
    );

    public static readonly Regex MachinePath = new($@"(?<![\w.}}])/(wor{"k"}|hom{"e"}|roo{"t"})/", RegexOptions.None);

    public static readonly Regex RegistryHost = new(
        $@"registry\.npm{"js"}|\bapi\.nu{"get"}\.org|\bpy{"pi"}\.org|python{"hosted"}\.org|proxy\.go{"lang"}\.org|art{"ifactory"}|j{"frog"}",
        RegexOptions.IgnoreCase
    );

    public static IEnumerable<string> Found(Regex forbidden, IEnumerable<SourceFile> files) =>
        from file in files
        from match in forbidden.Matches(file.Text)
        select $"{file.Path}: {match.Value}";
}
