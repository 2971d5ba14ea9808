using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>Finds the step, or the state, that a function inside a handler takes from around it.</summary>
internal static class Captures
{
    /// <summary>The first use in the text of a lambda or local function.</summary>
    public static IOperation? StepIn(IOperation function, StepTypes types) =>
        function
            .Descendants()
            .FirstOrDefault(operation =>
                (types.IsStep(operation.Type) || types.IsState(operation.Type))
                && operation switch
                {
                    IParameterReferenceOperation parameter => !IsDeclaredIn(function, parameter.Parameter),
                    ILocalReferenceOperation local => !IsDeclaredIn(function, local.Local),
                    _ => false,
                }
            );

    /// <summary>The same for a method that is called or named somewhere, if it is a local function.</summary>
    public static IOperation? StepIn(IMethodSymbol method, IOperation user, StepTypes types)
    {
        if (method.MethodKind != MethodKind.LocalFunction || method.IsStatic)
        {
            return null;
        }

        // The caller may lie in the function or beside it.
        for (var around = user; around is not null; around = around.Parent)
        {
            var declared = around
                .ChildOperations.OfType<ILocalFunctionOperation>()
                .FirstOrDefault(local => SymbolEqualityComparer.Default.Equals(local.Symbol, method.OriginalDefinition));
            if (declared is not null)
            {
                return StepIn(declared, types);
            }
        }

        return null;
    }

    private static bool IsDeclaredIn(IOperation function, ISymbol symbol) => IsDeclaredIn(function.Syntax, symbol);

    public static bool IsDeclaredIn(SyntaxNode syntax, ISymbol symbol) =>
        symbol.DeclaringSyntaxReferences.Any(declared => declared.SyntaxTree == syntax.SyntaxTree && syntax.Span.Contains(declared.Span));
}
