using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;
using Microsoft.CodeAnalysis.Formatting;

namespace Darq.Analyzers;

/// <summary>Fix of DARQ005: the call before the first step, on the same app.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(SubscribeHandlerFix))]
[Shared]
internal sealed class SubscribeHandlerFix : CodeFixProvider
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.MissingSubscribeHandler.Id];

    /// <summary>None: one call is enough, and a second would be a second endpoint at the same address.</summary>
    public override FixAllProvider? GetFixAllProvider() => null;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var document = context.Document;
        var root = await document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        var call = root?.FindNode(context.Span).FirstAncestorOrSelf<InvocationExpressionSyntax>();
        if (
            call is not { Expression: MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax app } }
            || IsGroup(model?.GetTypeInfo(app, context.CancellationToken).Type)
            || call.FirstAncestorOrSelf<StatementSyntax>() is not { Parent: { } around } statement
            || !RunsOnce(around)
        )
        {
            return;
        }

        context.RegisterCodeFix(
            CodeAction.Create(
                "Call MapSubscribeHandler",
                _ => Task.FromResult(Insert(document, root!, statement, app)),
                nameof(SubscribeHandlerFix)
            ),
            context.Diagnostics
        );
    }

    /// <summary>The statements of a function, and not those of a loop or a condition in it.</summary>
    private static bool RunsOnce(SyntaxNode around) =>
        around is GlobalStatementSyntax
        || (
            around is BlockSyntax
            && around.Parent is MemberDeclarationSyntax or LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax
        );

    /// <summary>An endpoint of a group is at another address than the one where the sidecar asks.</summary>
    private static bool IsGroup(ITypeSymbol? type) => type is null or { Name: "RouteGroupBuilder" };

    private static Document Insert(Document document, SyntaxNode root, StatementSyntax before, IdentifierNameSyntax app)
    {
        var call = SyntaxFactory
            .ParseStatement($"{app.Identifier.Text}.MapSubscribeHandler();")
            .WithTrailingTrivia(SyntaxFactory.ElasticCarriageReturnLineFeed)
            .WithAdditionalAnnotations(Formatter.Annotation);
        var editor = new SyntaxEditor(root, document.Project.Solution.Services);
        if (before.Parent is GlobalStatementSyntax global)
        {
            editor.InsertBefore(global, SyntaxFactory.GlobalStatement(call));
        }
        else
        {
            editor.InsertBefore(before, call);
        }

        return document.WithSyntaxRoot(editor.GetChangedRoot());
    }
}
