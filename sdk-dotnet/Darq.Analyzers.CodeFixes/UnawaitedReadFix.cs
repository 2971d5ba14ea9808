using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>Fix of DARQ003: awaits the read, where the function around it is async.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(UnawaitedReadFix))]
[Shared]
internal sealed class UnawaitedReadFix : CodeFixProvider
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.UnawaitedRead.Id];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var document = context.Document;
        var root = await document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        var syntax = root?.FindNode(context.Span, getInnermostNodeForTie: true);
        if (
            syntax is null
            || model?.GetEnclosingSymbol(context.Span.Start, context.CancellationToken) is not IMethodSymbol { IsAsync: true }
            || model.GetOperation(syntax, context.CancellationToken) is not IInvocationOperation call
            || Whole(call) is not { } whole
            || Thrown(whole) is not { } thrown
            || IsInLock(whole)
        )
        {
            return;
        }

        var awaited = SyntaxFactory
            .AwaitExpression(SyntaxFactory.Token(SyntaxKind.AwaitKeyword).WithTrailingTrivia(SyntaxFactory.Space), thrown.WithoutTrivia())
            .WithTriviaFrom(whole);
        context.RegisterCodeFix(
            CodeAction.Create(
                "Await it",
                _ => Task.FromResult(document.WithSyntaxRoot(root!.ReplaceNode(whole, awaited))),
                nameof(UnawaitedReadFix)
            ),
            context.Diagnostics
        );
    }

    /// <summary>The statement's expression, or the body of a function without braces, that throws the task away.</summary>
    private static ExpressionSyntax? Whole(IInvocationOperation call) =>
        Tasks.User(call)?.Syntax switch
        {
            ExpressionStatementSyntax statement => statement.Expression,
            AssignmentExpressionSyntax { Parent: ExpressionStatementSyntax or LambdaExpressionSyntax } discard => discard,
            ExpressionSyntax body when body.Parent is LambdaExpressionSyntax or ArrowExpressionClauseSyntax => body,
            _ => null,
        };

    /// <summary>The task that is thrown away; none behind <c>?.</c>, whose value is a task or null.</summary>
    private static ExpressionSyntax? Thrown(ExpressionSyntax statement) =>
        statement switch
        {
            AssignmentExpressionSyntax { Right: var task } => Thrown(task),
            InvocationExpressionSyntax task => task,
            _ => null,
        };

    private static bool IsInLock(SyntaxNode place) =>
        place
            .Ancestors()
            .TakeWhile(node => node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax))
            .Any(node => node is LockStatementSyntax);
}
