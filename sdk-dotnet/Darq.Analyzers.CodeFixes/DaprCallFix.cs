using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>Fix of DARQ001: the same by the step in scope.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(DaprCallFix))]
[Shared]
internal sealed class DaprCallFix : CodeFixProvider
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.DaprCall.Id];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var document = context.Document;
        var root = await document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        var syntax = root?.FindNode(context.Span).FirstAncestorOrSelf<InvocationExpressionSyntax>();
        if (
            syntax is null
            || model?.GetOperation(syntax, context.CancellationToken) is not IInvocationOperation call
            || StepInScope(model, syntax, context.CancellationToken) is not { } step
            || StepCall.InsteadOf(call) is not { } instead
            || instead.Replacement(call, step) is not (var old, var replacement)
        )
        {
            return;
        }

        context.RegisterCodeFix(
            CodeAction.Create(
                instead.Title,
                _ => Task.FromResult(document.WithSyntaxRoot(root!.ReplaceNode(old, replacement))),
                nameof(DaprCallFix)
            ),
            context.Diagnostics
        );
    }

    /// <summary>The name of the step at a place; null in a static function inside the handler, and if the step has no name.</summary>
    private static string? StepInScope(SemanticModel model, SyntaxNode place, CancellationToken cancellation)
    {
        var enclosing = model.GetEnclosingSymbol(place.SpanStart, cancellation);
        if (
            StepTypes.Of(model.Compilation) is not { } types
            || StepHandlers.Innermost(enclosing, types) is not { } handler
            || StepHandlers.StepOf(handler, types) is not { IsDiscard: false } step
        )
        {
            return null;
        }

        for (var function = enclosing; !SymbolEqualityComparer.Default.Equals(function, handler); function = function.ContainingSymbol)
        {
            if (function is null or { IsStatic: true })
            {
                return null;
            }
        }

        var named = model.LookupSymbols(place.SpanStart, name: step.Name);
        return named.Length == 1 && SymbolEqualityComparer.Default.Equals(named[0], step) ? Written(step.Name) : null;
    }

    private static string Written(string name) => SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : $"@{name}";
}
