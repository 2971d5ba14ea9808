using System.Text.RegularExpressions;
using Xunit;

namespace Darq.Tests.Unit.Code;

public sealed class TextTests
{
    [Fact]
    public void Nothing_is_left_unfinished_or_switched_off() => Assert.Empty(TextRules.Found(TextRules.Unfinished, SourceTree.Files));

    [Fact]
    public void No_file_names_a_path_of_one_machine() => Assert.Empty(TextRules.Found(TextRules.MachinePath, SourceTree.Files));

    [Fact]
    public void No_file_names_the_host_of_a_package_registry() => Assert.Empty(TextRules.Found(TextRules.RegistryHost, SourceTree.Files));

    [Theory]
    [InlineData("// TO", "DO: later")]
    [InlineData("// FIX", "ME")]
    [InlineData("throw new NotImplemented", "Exception();")]
    [InlineData("[Fact(Ski", "p = \"why\")]")]
    public void Unfinished_work_is_found(string first, string second) => AssertFound(TextRules.Unfinished, first + second);

    [Theory]
    [InlineData("see /ho", "me/somebody/notes")]
    [InlineData("\"/ro", "ot/.config\"")]
    [InlineData("cd /wo", "rk/project")]
    public void A_path_of_one_machine_is_found(string first, string second) => AssertFound(TextRules.MachinePath, first + second);

    [Theory]
    [InlineData("\"resolved\": \"https://registry.npm", "js.org/a\"")]
    [InlineData("https://api.nu", "get.org/v3/index.json")]
    [InlineData("https://py", "pi.org/simple")]
    public void A_registry_host_is_found(string first, string second) => AssertFound(TextRules.RegistryHost, first + second);

    [Theory]
    [InlineData("A step is skipped; Skip is a method: list.Skip(1)")]
    [InlineData("$tools/root/usr and node/work/x")]
    public void Harmless_text_is_not(string text) =>
        Assert.Empty(
            new[] { TextRules.Unfinished, TextRules.MachinePath, TextRules.RegistryHost }.SelectMany(rule =>
                TextRules.Found(rule, [new("a", text)])
            )
        );

    private static void AssertFound(Regex rule, string text) => Assert.Single(TextRules.Found(rule, [new("a.cs", text)]));
}
