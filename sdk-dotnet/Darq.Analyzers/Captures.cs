using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>Finds the step, or the state, that a function inside a handler takes from around it.</summary>
internal static class Captures
{
    /// <summary>The first use in the text of a lambda or local function, also by way of local functions beside it.</summary>
    public static IOperation? StepIn(IOperation function, StepTypes types) => StepIn(function, types, [function.Syntax]);

    /// <summary>The same for a method that is called or named somewhere, if it is a local function.</summary>
    public static IOperation? StepIn(IMethodSymbol method, IOperation user, StepTypes types) => StepIn(method, user, types, []);

    private static IOperation? StepIn(IOperation function, StepTypes types, HashSet<SyntaxNode> seen) =>
        function
            .Descendants()
            .FirstOrDefault(operation =>
                operation switch
                {
                    IParameterReferenceOperation parameter => types.IsStepOrState(parameter.Type)
                        && !IsDeclaredIn(function, parameter.Parameter),
                    ILocalReferenceOperation local => types.IsStepOrState(local.Type) && !IsDeclaredIn(function, local.Local),
                    IInvocationOperation { TargetMethod: var method } => !IsDeclaredIn(function, method)
                        && StepIn(method, operation, types, seen) is not null,
                    IMethodReferenceOperation { Method: var method } => !IsDeclaredIn(function, method)
                        && StepIn(method, operation, types, seen) is not null,
                    _ => false,
                }
            );

    private static IOperation? StepIn(IMethodSymbol method, IOperation user, StepTypes types, HashSet<SyntaxNode> seen)
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
                return seen.Add(declared.Syntax) ? StepIn(declared, types, seen) : null;
            }
        }

        return null;
    }

    private static bool IsDeclaredIn(IOperation function, ISymbol symbol) => IsDeclaredIn(function.Syntax, symbol);

    public static bool IsDeclaredIn(SyntaxNode syntax, ISymbol symbol) =>
        symbol.DeclaringSyntaxReferences.Any(declared => declared.SyntaxTree == syntax.SyntaxTree && syntax.Span.Contains(declared.Span));
}
