using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>The call of a step that does what a call of DaprClient did, where the step has one with the same meaning.</summary>
/// <param name="member">What is called on the step, such as <c>State.Get</c>.</param>
/// <param name="taken">The parameters whose arguments the step takes too, in its order.</param>
/// <param name="isAwaited">Whether the step's method returns a task, as that of DaprClient does.</param>
internal sealed class StepCall(string member, ImmutableArray<string> taken, bool isAwaited)
{
    // The step knows its store and its component; it reads consistently, and its token cancels its reads.
    private static readonly ImmutableHashSet<string> Needless = ["pubsubName", "storeName", "consistencyMode", "cancellationToken"];

    private static readonly ImmutableDictionary<string, StepCall> Calls = new Dictionary<string, StepCall>(StringComparer.Ordinal)
    {
        ["PublishEventAsync"] = new("Emit", ["topicName", "data"], isAwaited: false),
        ["GetStateAsync"] = new("State.Get", ["key"], isAwaited: true),
        ["SaveStateAsync"] = new("State.Set", ["key", "value"], isAwaited: false),
        ["DeleteStateAsync"] = new("State.Delete", ["key"], isAwaited: false),
    }.ToImmutableDictionary(StringComparer.Ordinal);

    public string Title => $"Use Step.{member}";

    /// <summary>Null where an argument says something that the step's method has no place for, such as metadata.</summary>
    public static StepCall? InsteadOf(IInvocationOperation call) =>
        Calls.TryGetValue(call.TargetMethod.Name, out var found)
        && Explicit(call).All(argument => Needless.Contains(NameOf(argument)) || found.Takes(argument))
        && Explicit(call).Count(found.Takes) == found.TakenCount
            ? found
            : null;

    /// <summary>The old node and the new one; null where the code around needs a task that the step does not return.</summary>
    public (SyntaxNode Old, SyntaxNode New)? Replacement(IInvocationOperation call, string step)
    {
        var old = (InvocationExpressionSyntax)call.Syntax;
        var replaced = isAwaited
            ? AwaitOf(old) is null
                ? null
                : old
            : StatementOf(old);
        return replaced is null ? null : (replaced, Written(call, old, step).WithTriviaFrom(replaced));
    }

    private int TakenCount => taken.Length;

    private bool Takes(IArgumentOperation argument) => taken.Contains(NameOf(argument));

    private InvocationExpressionSyntax Written(IInvocationOperation call, InvocationExpressionSyntax old, string step)
    {
        var names = SyntaxFactory.ParseExpression($"{step}.{member}");
        if (old.Expression is MemberAccessExpressionSyntax { Name: GenericNameSyntax { TypeArgumentList: var types } })
        {
            var access = (MemberAccessExpressionSyntax)names;
            names = access.WithName(SyntaxFactory.GenericName(access.Name.Identifier, types.WithoutTrivia()));
        }

        var arguments = taken.Select(name => SyntaxFactory.Argument(ValueOf(call, name).WithoutTrivia()));
        return SyntaxFactory.InvocationExpression(
            names,
            SyntaxFactory.ArgumentList(SyntaxFactory.SeparatedList(arguments, Enumerable.Repeat(Comma, taken.Length - 1)))
        );
    }

    private static SyntaxToken Comma => SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space);

    private static ExpressionSyntax ValueOf(IInvocationOperation call, string parameter) =>
        Explicit(call).Single(argument => NameOf(argument) == parameter).Syntax.FirstAncestorOrSelf<ArgumentSyntax>()!.Expression;

    private static IEnumerable<IArgumentOperation> Explicit(IInvocationOperation call) =>
        call.Arguments.Where(argument => argument.ArgumentKind == ArgumentKind.Explicit);

    private static string NameOf(IArgumentOperation argument) => argument.Parameter?.Name ?? "";

    private static AwaitExpressionSyntax? AwaitOf(ExpressionSyntax task) =>
        task.Parent switch
        {
            AwaitExpressionSyntax awaiting => awaiting,
            ParenthesizedExpressionSyntax outer => AwaitOf(outer),
            MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait", Parent: InvocationExpressionSyntax configured } =>
                AwaitOf(configured),
            _ => null,
        };

    /// <summary>The expression whose value nobody uses: the awaiting of the task, or the call itself.</summary>
    private static ExpressionSyntax? StatementOf(InvocationExpressionSyntax call)
    {
        ExpressionSyntax whole = AwaitOf(call) is { } awaiting ? awaiting : call;
        return whole.Parent is ExpressionStatementSyntax || (whole is AwaitExpressionSyntax && IsBodyOf(whole)) ? whole : null;
    }

    private static bool IsBodyOf(ExpressionSyntax expression) =>
        expression.Parent is AnonymousFunctionExpressionSyntax or ArrowExpressionClauseSyntax;
}
