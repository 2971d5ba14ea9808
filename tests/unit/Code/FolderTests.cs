using Darq.Engine.Core;
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

        var folders = SourceTree
            .With(".cs")
            .Where(file => file.Path.Split('/')[0] is "component" or "sdk-dotnet")
            .Select(FolderRules.FolderOf)
            .Distinct()
            .ToArray();

        Assert.Contains("Darq.Engine/Redis", folders);
        Assert.Contains("Darq.AspNetCore/Rollbacks", folders);
        Assert.All(folders, folder => Assert.Contains($"| `{folder}` |", architecture, StringComparison.Ordinal));
    }

    [Fact]
    public void Only_the_folder_Redis_and_the_benchmarks_reference_name_the_client_library() =>
        Assert.Empty(NamesClient(SourceTree.With(".cs")));

    [Fact]
    public void Another_folder_that_names_the_client_library_is_found() =>
        Assert.Equal(
            ["component/Darq.Engine/Core/A.cs"],
            NamesClient([
                new("component/Darq.Engine/Core/A.cs", $"using {ClientLibrary};"),
                new("component/Darq.Engine/Redis/B.cs", $"using {ClientLibrary};"),
            ])
        );

    [Fact]
    public void The_engine_knows_neither_gRPC_nor_Dapr_nor_a_web_server() =>
        Assert.DoesNotContain(
            typeof(Position).Assembly.GetReferencedAssemblies(),
            assembly =>
                new[] { "darq", "Grpc", "Google.Protobuf", "Microsoft.AspNetCore" }.Any(name =>
                    assembly.Name!.StartsWith(name, StringComparison.Ordinal)
                )
        );

    [Theory]
    [InlineData("Redis/A.cs", "using Darq.Engine.Subscriptions;", "Subscriptions")]
    [InlineData("Subscriptions/Acks/A.cs", "using static Darq.Engine.Steps.StepExecutor;", "Steps")]
    [InlineData("Publishing/A.cs", "var x = Darq.Engine.Subscriptions.Order.Key;", "Subscriptions")]
    [InlineData("Publishing/A.cs", "var x = Subscriptions.Order.Key;", "Subscriptions")]
    [InlineData("Redis/A.cs", "var x = $\"{Subscriptions.Order.Key(y)}\";", "Subscriptions")]
    [InlineData("Connection/Session.cs", "using Darq.Engine.Batching;", "Batching")]
    [InlineData("Publishing/A.cs", "var x = State.StateStore.Most;", "State")]
    [InlineData("Steps/A.cs", "var x = Requests.BarrierAnswer.Write(y);", "Requests")]
    public void A_use_against_the_layers_is_found(string path, string text, string used) =>
        Assert.Equal([$"component/Darq.Engine/{path}: {used}"], FolderRules.Forbidden(new("component/Darq.Engine/" + path, text)));

    [Theory]
    [InlineData("Subscriptions/A.cs", "using Darq.Engine.Redis;\nnamespace Darq.Engine.Subscriptions;")]
    [InlineData("Subscriptions/A.cs", "using Darq.Engine.Subscriptions.Acks;")]
    [InlineData("Redis/A.cs", "// See Darq.Engine.Subscriptions for why.")]
    [InlineData("Redis/A.cs", "logs.CreateLogger(\"Darq.Engine.Subscriptions\");")]
    [InlineData("Redis/A.cs", "answer.Subscriptions.Count()")]
    [InlineData("Connection/Primary.cs", "using Darq.Engine.Batching;")]
    [InlineData("Batching/A.cs", "public List<int> Requests { get; }\npublic int Count => Requests.Count;")]
    [InlineData("Batching/A.cs", "record A(int[] Requests, int Number)\n{ public int Count => Requests.Count(); }")]
    public void What_is_no_use_or_an_allowed_one_is_not(string path, string text) =>
        Assert.Empty(FolderRules.Forbidden(new("component/Darq.Engine/" + path, text)));

    [Fact]
    public void A_folder_in_no_layer_is_found() =>
        Assert.Equal(
            ["component/Darq.Engine/Timers/A.cs: folder Timers is in no layer"],
            FolderRules.Forbidden(new("component/Darq.Engine/Timers/A.cs", ""))
        );

    private static string[] NamesClient(IEnumerable<SourceFile> files) =>
        [
            .. files
                .Where(file =>
                    !file.Path.StartsWith("component/Darq.Engine/Redis/", StringComparison.Ordinal)
                    && !file.Path.StartsWith("tests/benchmarks/Reference/", StringComparison.Ordinal)
                    && file.Text.Contains(ClientLibrary, StringComparison.Ordinal)
                )
                .Select(file => file.Path),
        ];
}
