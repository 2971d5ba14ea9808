using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Diagnostics;
using Xunit;

namespace Darq.Tests.Analyzers.Compiling;

/// <summary>Runs one analyzer on apps, and a fix on what it reports. Every app must compile, also after the fix.</summary>
internal static class Rule<TAnalyzer>
    where TAnalyzer : DiagnosticAnalyzer, new()
{
    public static Task<ImmutableArray<Diagnostic>> CheckAsync(params IReadOnlyList<string> marked) =>
        CheckAsync(OutputKind.ConsoleApplication, marked);

    /// <summary>Expects a report at each marked span, and no other.</summary>
    public static async Task<ImmutableArray<Diagnostic>> CheckAsync(OutputKind kind, params IReadOnlyList<string> marked)
    {
        var sources = marked.Select(Markup.Parse).ToArray();
        var found = await DiagnosticsAsync(await App.OfAsync(kind, [.. sources.Select(source => source.Source)]));

        for (var i = 0; i < sources.Length; i++)
        {
            var text = sources[i].Source;
            var spans = found.Where(one => one.Location.SourceTree!.FilePath == App.NameOf(i)).Select(one => one.Location.SourceSpan);
            Assert.Equal(
                sources[i].Spans.Select(span => $"{span} {text.Substring(span.Start, span.Length)}"),
                spans.Order().Select(span => $"{span} {text.Substring(span.Start, span.Length)}")
            );
        }

        return found;
    }

    /// <summary>Expects that the fix of the first report makes one source of another.</summary>
    public static async Task FixAsync<TFix>(string source, string expected)
        where TFix : CodeFixProvider, new()
    {
        var document = await DocumentOfAsync(source);
        var found = await DiagnosticsAsync(document.Project);

        var action = Assert.Single(await ActionsAsync<TFix>(document, found[0]));

        Assert.Equal(expected, await ResultAsync(action, document));
    }

    /// <summary>Expects that no fix is offered for the first report.</summary>
    public static async Task NoFixAsync<TFix>(string source)
        where TFix : CodeFixProvider, new()
    {
        var document = await DocumentOfAsync(source);
        var found = await DiagnosticsAsync(document.Project);

        Assert.Empty(await ActionsAsync<TFix>(document, found[0]));
    }

    public static async Task FixAllAsync<TFix>(string source, string expected)
        where TFix : CodeFixProvider, new()
    {
        var document = await DocumentOfAsync(source);
        var found = await DiagnosticsAsync(document.Project);
        var fix = new TFix();
        var key = Assert.Single(await ActionsAsync<TFix>(document, found[0])).EquivalenceKey;

        var action = await fix.GetFixAllProvider()!
            .GetFixAsync(new(document, fix, FixAllScope.Document, key!, fix.FixableDiagnosticIds, new Found(found), default));

        Assert.Equal(expected, await ResultAsync(action!, document));
    }

    private static async Task<Document> DocumentOfAsync(string source) =>
        (await App.OfAsync(OutputKind.ConsoleApplication, source)).Documents.Single(document => document.Name == App.NameOf(0));

    private static Task<ImmutableArray<Diagnostic>> DiagnosticsAsync(Project project) => App.DiagnosticsAsync(project, new TAnalyzer());

    private static async Task<List<CodeAction>> ActionsAsync<TFix>(Document document, Diagnostic diagnostic)
        where TFix : CodeFixProvider, new()
    {
        var actions = new List<CodeAction>();
        await new TFix().RegisterCodeFixesAsync(new(document, diagnostic, (action, _) => actions.Add(action), default));
        return actions;
    }

    private static async Task<string> ResultAsync(CodeAction action, Document document)
    {
        var applied = Assert.Single((await action.GetOperationsAsync(default)).OfType<ApplyChangesOperation>());
        var changed = applied.ChangedSolution.GetDocument(document.Id)!;
        var compilation = (await changed.Project.GetCompilationAsync())!;
        Assert.Empty(compilation.GetDiagnostics().Where(one => one.Severity == DiagnosticSeverity.Error));
        return (await changed.GetTextAsync()).ToString().ReplaceLineEndings("\n");
    }

    private sealed class Found(ImmutableArray<Diagnostic> found) : FixAllContext.DiagnosticProvider
    {
        public override Task<IEnumerable<Diagnostic>> GetAllDiagnosticsAsync(Project project, CancellationToken cancellationToken) =>
            Task.FromResult<IEnumerable<Diagnostic>>(found);

        public override Task<IEnumerable<Diagnostic>> GetDocumentDiagnosticsAsync(Document document, CancellationToken cancellationToken) =>
            Task.FromResult<IEnumerable<Diagnostic>>(found);

        public override Task<IEnumerable<Diagnostic>> GetProjectDiagnosticsAsync(Project project, CancellationToken cancellationToken) =>
            Task.FromResult<IEnumerable<Diagnostic>>([]);
    }
}
