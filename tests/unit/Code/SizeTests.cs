using Xunit;

namespace Darq.Tests.Unit.Code;

public sealed class SizeTests
{
    [Fact]
    public void No_source_file_is_longer_than_400_lines() =>
        Assert.Empty(SizeRules.LongFiles(SourceTree.With(".cs", ".lua", ".py", ".js", ".sh")));

    [Fact]
    public void No_line_is_longer_than_140_columns() => Assert.Empty(SourceTree.With(".cs", ".lua").SelectMany(SizeRules.LongLines));

    [Theory]
    [InlineData("x", 140, 0)]
    [InlineData("x", 141, 1)]
    [InlineData("    // x", 141, 1)]
    [InlineData("        + \"x", 141, 0)]
    [InlineData("    private const string Form = \"an object\"; // x", 141, 1)]
    public void Lines_may_be_longer_only_for_a_literal(string start, int columns, int found) =>
        Assert.Equal(found, SizeRules.LongLines(new("a.cs", start.PadRight(columns, 'x'))).Count());

    [Fact]
    public void No_function_is_longer_than_70_lines() => Assert.Empty(SourceTree.With(".cs").SelectMany(SizeRules.LongFunctions));

    [Theory]
    [InlineData(400, 0)]
    [InlineData(401, 1)]
    public void File_length_is_counted_in_lines(int lines, int found) =>
        Assert.Equal(found, SizeRules.LongFiles([new("a.cs", string.Concat(Enumerable.Repeat("x;\n", lines)))]).Count());

    [Theory]
    [InlineData(67, 0)]
    [InlineData(68, 1)]
    public void Function_length_is_counted_from_its_header_to_its_brace(int body, int found) =>
        Assert.Equal(found, SizeRules.LongFunctions(TypeWith("    public void Run(int a,\n        int b)", body)).Count());

    [Theory]
    [InlineData("    private sealed class Inner(\n        int a) : Outer")]
    [InlineData("    private sealed class Inner(\n        int a\n    ) : Outer")]
    [InlineData("    private sealed class Inner(\n        int a\n    )\n        : Outer")]
    public void A_type_may_be_longer_than_a_function(string header) =>
        Assert.Empty(SizeRules.LongFunctions(TypeWith(header, 100)));

    [Fact]
    public void No_class_is_spread_over_more_than_two_files() => Assert.Empty(SizeRules.SpreadTypes(SourceTree.Component(".cs")));

    [Theory]
    [InlineData("component/A/X/3.cs", "internal static partial class T", 1)]
    [InlineData("component/A/X/3.cs", "internal readonly partial record struct T(int A)", 1)]
    [InlineData("component/A/2.cs", "internal static partial class T", 0)]
    [InlineData("component/A/3.cs", "internal static partial class U", 0)]
    [InlineData("component/B/3.cs", "internal static partial class T", 0)]
    public void A_class_is_counted_within_its_assembly(string path, string header, int found) =>
        Assert.Equal(
            found,
            SizeRules
                .SpreadTypes([
                    new("component/A/1.cs", "partial class T"),
                    new("component/A/2.cs", "partial class T"),
                    new(path, header),
                ])
                .Count()
        );

    private static SourceFile TypeWith(string header, int body) =>
        new(
            "a.cs",
            $"internal sealed class Outer\n{{\n{header}\n    {{\n{string.Concat(Enumerable.Repeat("        x++;\n", body))}    }}\n}}\n"
        );
}
