using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>
/// Finds the step handler around a piece of code. A handler is a function that takes a <c>Step</c>: only the SDK makes steps, so whoever
/// has one was called in a step. Lambdas and methods given to <c>MapStep</c>, <c>IStepHandler&lt;T&gt;.HandleAsync</c> and the functions
/// that these pass their step to are all found in that way, without a look at other files. Functions inside a handler belong to it.
/// </summary>
internal static class StepHandlers
{
    /// <summary>The innermost handler: its step is the one in scope.</summary>
    public static IMethodSymbol? Innermost(ISymbol? enclosing, StepTypes types) => Around(enclosing, types).FirstOrDefault();

    /// <summary>The whole handler, where one lies in another.</summary>
    public static IMethodSymbol? Outermost(IOperation operation, StepTypes types, CancellationToken cancellation) =>
        Around(Enclosing(operation, cancellation), types).LastOrDefault();

    public static bool Contain(IOperation operation, StepTypes types, CancellationToken cancellation) =>
        Enclosing(operation, cancellation) is var enclosing && (Around(enclosing, types).Any() || IsInObjectOfStep(enclosing, types));

    /// <summary>Also of a method in an extension block of steps.</summary>
    public static IParameterSymbol? StepOf(IMethodSymbol function, StepTypes types) =>
        function.Parameters.FirstOrDefault(parameter => types.IsStep(parameter.Type))
        ?? (
            function.ContainingType?.ExtensionParameter is { } extended
            && IsMember(function)
            && !function.IsStatic
            && types.IsStep(extended.Type)
                ? extended
                : null
        );

    /// <summary>The operation of the function, if it lies around the other, else the body of the member around both.</summary>
    public static IOperation BodyOf(IMethodSymbol function, IOperation inside)
    {
        var body = inside;
        while (!Is(body, function) && body.Parent is { } parent)
        {
            body = parent;
        }

        return body;
    }

    /// <summary>The function that an operation is, if it is one.</summary>
    public static IMethodSymbol? Function(IOperation operation) =>
        operation switch
        {
            IAnonymousFunctionOperation lambda => lambda.Symbol,
            ILocalFunctionOperation local => local.Symbol,
            _ => null,
        };

    /// <summary>An object all of whose constructors take a step was made in one.</summary>
    private static bool IsInObjectOfStep(ISymbol? enclosing, StepTypes types)
    {
        var member = enclosing;
        while (member is IMethodSymbol function && !IsMember(function))
        {
            member = member.ContainingSymbol;
        }

        return member is { IsStatic: false, ContainingType: { IsValueType: false } type }
            && type.InstanceConstructors.Where(constructor => !constructor.IsImplicitlyDeclared).ToArray() is { Length: > 0 } made
            && Array.TrueForAll(made, constructor => StepOf(constructor, types) is not null);
    }

    private static bool IsMember(IMethodSymbol function) =>
        function.MethodKind is not (MethodKind.LocalFunction or MethodKind.AnonymousFunction);

    private static bool Is(IOperation operation, IMethodSymbol function) =>
        SymbolEqualityComparer.Default.Equals(Function(operation), function);

    private static ISymbol? Enclosing(IOperation operation, CancellationToken cancellation) =>
        operation.SemanticModel?.GetEnclosingSymbol(operation.Syntax.SpanStart, cancellation);

    private static IEnumerable<IMethodSymbol> Around(ISymbol? enclosing, StepTypes types)
    {
        for (var symbol = enclosing; symbol is IMethodSymbol function; symbol = symbol.ContainingSymbol)
        {
            if (StepOf(function, types) is not null)
            {
                yield return function;
            }
        }
    }
}
