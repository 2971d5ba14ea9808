using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json;
using Darq.Tests.Shared;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// Compiles copies of the engine in this process, in which the compiler stays warm: a build of each would take several times as long.
/// What the compiler is told is what a build of the first copy tells it; of the analyzers only those that write code take part.
/// </summary>
internal static class EngineCompiler
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly SemaphoreSlim Asking = new(1);
    private static string[]? _arguments;

    /// <summary>Compiles a copy's folder as it is now. Throws where it has errors.</summary>
    public static async Task CompileAsync(string folder, string assembly)
    {
        var arguments = CSharpCommandLineParser.Default.Parse(await ArgumentsAsync(folder), folder, sdkDirectory: null);
        var trees = arguments.SourceFiles.Select(file =>
            CSharpSyntaxTree.ParseText(File.ReadAllText(file.Path), arguments.ParseOptions, file.Path, arguments.Encoding)
        );
        var references = arguments.MetadataReferences.Select(reference => MetadataReference.CreateFromFile(reference.Reference));
        var compilation = CSharpCompilation.Create("Darq.Engine", trees, references, arguments.CompilationOptions);
        CSharpGeneratorDriver
            .Create(Generators(arguments), parseOptions: arguments.ParseOptions)
            .RunGeneratorsAndUpdateCompilation(compilation, out var complete, out _);
        await using var file = File.Create(assembly);
        var result = complete.Emit(file, manifestResources: arguments.ManifestResources, options: arguments.EmitOptions);
        if (!result.Success)
        {
            var errors = result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
            throw new InvalidOperationException($"The copy of the engine was not built.\n{string.Join('\n', errors)}");
        }
    }

    private static IEnumerable<ISourceGenerator> Generators(CommandLineArguments arguments) =>
        arguments
            .AnalyzerReferences.Where(reference => WritesCode(Path.GetFileNameWithoutExtension(reference.FilePath)))
            .SelectMany(reference => new AnalyzerFileReference(reference.FilePath, Loader.Instance).GetGenerators(LanguageNames.CSharp));

    private static bool WritesCode(string name) =>
        name.Contains("Generat", StringComparison.Ordinal) && !name.StartsWith("Microsoft.Interop", StringComparison.Ordinal);

    /// <summary>All paths in a copy's folder are relative to it, so that they hold for every copy.</summary>
    private static async Task<string[]> ArgumentsAsync(string folder)
    {
        await Asking.WaitAsync();
        try
        {
            return _arguments ??= await AskAsync(folder);
        }
        finally
        {
            Asking.Release();
        }
    }

    private static async Task<string[]> AskAsync(string folder)
    {
        string[] options =
        [
            "-p:ProvideCommandLineArgs=true",
            "-p:SkipCompilerExecution=true",
            "-p:TreatWarningsAsErrors=false",
            "-nodeReuse:false",
        ];
        await using var build = await ChildProcess.StartAsync(
            "dotnet",
            [
                "msbuild",
                "-t:PrepareResources;Compile",
                $"-p:Configuration={Repository.Configuration}",
                .. options,
                "-getItem:CscCommandLineArgs",
            ],
            null,
            folder
        );
        var code = await build.WaitForExitAsync(Patience);
        if (code != 0)
        {
            throw new InvalidOperationException($"What the compiler is told was not found out.\n{build.Output}");
        }

        using var answer = JsonDocument.Parse(string.Join('\n', build.Output.All));
        var items = answer.RootElement.GetProperty("Items").GetProperty("CscCommandLineArgs");
        return [.. items.EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!)];
    }

    private sealed class Loader : IAnalyzerAssemblyLoader
    {
        public static readonly Loader Instance = new();

        public void AddDependencyLocation(string fullPath) { }

        public Assembly LoadFromPath(string fullPath) => AssemblyLoadContext.Default.LoadFromAssemblyPath(fullPath);
    }
}
