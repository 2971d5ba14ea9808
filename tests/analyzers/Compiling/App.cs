using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Xunit;

namespace Darq.Tests.Analyzers.Compiling;

/// <summary>A project of an app, in memory, with real ASP.NET Core and Dapr and the stand-in for the SDK.</summary>
internal static class App
{
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.Latest);

    private static readonly Lazy<MetadataReference[]> Platform = new(() =>
        [
            .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
                .Split(Path.PathSeparator)
                .Where(path => !Path.GetFileName(path).StartsWith("Darq.", StringComparison.Ordinal))
                .Select(path => MetadataReference.CreateFromFile(path)),
        ]
    );

    private static readonly Lazy<MetadataReference[]> References = new(() =>
    {
        var core = Library("Darq", Sdk.Core, Platform.Value);
        return [.. Platform.Value, core, Library("Darq.AspNetCore", Sdk.AspNetCore, [.. Platform.Value, core])];
    });

    // Compiled once: the projects that are made of it take over what the compiler knows of the references.
    private static readonly Task<Project> Empty = EmptyAsync();

    /// <summary>A handler given to <c>MapStep</c> in a program that is right otherwise.</summary>
    public static string Handler(string body) =>
        $$"""
            var app = WebApplication.Create();
            app.MapSubscribeHandler();
            app.MapStep("orders", async (Order order, Step step, DaprClient dapr, HttpClient http) =>
            {
                await Task.Yield();
                {{body.ReplaceLineEndings("\n    ")}}
            });

            record Order(string Id, int Amount);
            """;

    public static async Task<Project> OfAsync(OutputKind kind, params IReadOnlyList<string> sources)
    {
        var project = await Empty;
        if (kind != project.CompilationOptions!.OutputKind)
        {
            project = project.WithCompilationOptions(project.CompilationOptions.WithOutputKind(kind));
        }

        for (var i = 0; i < sources.Count; i++)
        {
            project = project.AddDocument(NameOf(i), sources[i], filePath: NameOf(i)).Project;
        }

        return project;
    }

    /// <summary>What analyzers report, in the order of the text.</summary>
    public static async Task<ImmutableArray<Diagnostic>> DiagnosticsAsync(
        Project project,
        params ImmutableArray<DiagnosticAnalyzer> analyzers
    )
    {
        var compilation = (await project.GetCompilationAsync())!;
        Assert.Empty(compilation.GetDiagnostics().Where(one => one.Severity == DiagnosticSeverity.Error));
        var found = await compilation.WithAnalyzers(analyzers).GetAnalyzerDiagnosticsAsync();
        return [.. found.OrderBy(one => one.Location.SourceSpan)];
    }

    public static string NameOf(int source) => $"Source{source}.cs";

    private static async Task<Project> EmptyAsync()
    {
        var project = new AdhocWorkspace()
            .CurrentSolution.AddProject("App", "App", LanguageNames.CSharp)
            .WithCompilationOptions(
                new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable)
            )
            .WithParseOptions(Parsing)
            .AddMetadataReferences(References.Value)
            .AddDocument("Usings.cs", Sdk.Usings)
            .Project;
        await project.GetCompilationAsync();
        return project;
    }

    private static PortableExecutableReference Library(string name, string source, MetadataReference[] references)
    {
        using var stream = new MemoryStream();
        var result = CSharpCompilation
            .Create(name, [CSharpSyntaxTree.ParseText(source, Parsing)], references, new(OutputKind.DynamicallyLinkedLibrary))
            .Emit(stream);
        return result.Success
            ? MetadataReference.CreateFromImage(stream.ToArray())
            : throw new InvalidOperationException(string.Join('\n', result.Diagnostics));
    }
}
