using Xunit;

namespace Darq.Tests.Unit.Code;

public sealed class FolderTests
{
    // Written in two parts, so that this file does not name it either.
    private const string ClientLibrary = "StackExchange" + ".Redis";

    [Fact]
    public void Folders_use_only_what_their_layer_may() => Assert.Empty(SourceTree.Component(".cs").SelectMany(FolderRules.Forbidden));

    [Fact]
    public void Every_folder_with_code_stands_in_the_architecture()
    {
        var architecture = SourceTree.File("ARCHITECTURE.md").Text;

        var folders = SourceTree.Component(".cs").Select(FolderRules.FolderOf).Where(folder => folder.Length > 0).Distinct().ToArray();

        Assert.Contains("Redis", folders);
        Assert.All(folders, folder => Assert.Contains($"| `{folder}` |", architecture, StringComparison.Ordinal));
    }

    [Fact]
    public void Only_the_folder_Redis_and_the_benchmarks_reference_name_the_client_library() =>
        Assert.Empty(NamesClient(SourceTree.With(".cs")));

    [Fact]
    public void Another_folder_that_names_the_client_library_is_found() =>
        Assert.Equal(
            ["component/Lanes/A.cs"],
            NamesClient([new("component/Lanes/A.cs", $"using {ClientLibrary};"), new("component/Redis/B.cs", $"using {ClientLibrary};")])
        );

    [Fact]
    public void Only_the_folder_Hosting_and_its_log_lines_name_gRPC() =>
        Assert.Empty(
            SourceTree
                .With(".cs")
                .Where(file =>
                    file.Path.StartsWith("component/", StringComparison.Ordinal)
                    && !file.Path.StartsWith("component/Hosting/", StringComparison.Ordinal)
                    && !file.Path.StartsWith("component/Telemetry/", StringComparison.Ordinal)
                    && file.Text.Contains("using Grpc.", StringComparison.Ordinal)
                )
                .Select(file => file.Path)
        );

    [Theory]
    [InlineData("component/Redis/A.cs", "using Darq.Lanes;", "Lanes")]
    [InlineData("component/Lanes/A.cs", "using static Darq.Steps.Stepper;", "Steps")]
    [InlineData("component/Publishing/A.cs", "var x = Darq.Lanes.Order.Key;", "Lanes")]
    [InlineData("component/Publishing/A.cs", "var x = Lanes.Order.Key;", "Lanes")]
    [InlineData("component/Redis/A.cs", "var x = $\"{Lanes.Order.Key(y)}\";", "Lanes")]
    public void A_use_against_the_layers_is_found(string path, string text, string used) =>
        Assert.Equal([$"{path}: {used}"], FolderRules.Forbidden(new(path, text)));

    [Theory]
    [InlineData("component/Lanes/A.cs", "using Darq.Redis;\nnamespace Darq.Lanes;")]
    [InlineData("component/Redis/A.cs", "// See Darq.Lanes for why.")]
    [InlineData("component/Redis/A.cs", "logs.CreateLogger(\"Darq.Lanes\");")]
    [InlineData("component/Redis/A.cs", "answer.Partitions.Count()")]
    public void What_is_no_use_or_an_allowed_one_is_not(string path, string text) => Assert.Empty(FolderRules.Forbidden(new(path, text)));

    [Fact]
    public void A_folder_in_no_layer_is_found() =>
        Assert.Equal(["component/Timers/A.cs: folder Timers is in no layer"], FolderRules.Forbidden(new("component/Timers/A.cs", "")));

    private static string[] NamesClient(IEnumerable<SourceFile> files) =>
        [
            .. files
                .Where(file =>
                    !file.Path.StartsWith("component/Redis/", StringComparison.Ordinal)
                    && !file.Path.StartsWith("tests/benchmarks/Reference/", StringComparison.Ordinal)
                    && file.Text.Contains(ClientLibrary, StringComparison.Ordinal)
                )
                .Select(file => file.Path),
        ];
}
