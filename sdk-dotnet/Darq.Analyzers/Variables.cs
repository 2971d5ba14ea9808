using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>Finds what the code of a member gives to a local variable.</summary>
internal static class Variables
{
    /// <summary>The values of its declaration and of assignments.</summary>
    public static IEnumerable<IOperation> ValuesOf(ILocalSymbol local, IOperation inside) =>
        Root(inside)
            .Descendants()
            .Select(operation =>
                operation switch
                {
                    IVariableDeclaratorOperation declarator when Is(declarator.Symbol, local) => (
                        declarator.Initializer ?? (declarator.Parent as IVariableDeclarationOperation)?.Initializer
                    )?.Value,
                    IAssignmentOperation { Target: ILocalReferenceOperation target } assignment when Is(target.Local, local) =>
                        assignment.Value,
                    _ => null,
                }
            )
            .OfType<IOperation>();

    /// <summary>The values assigned to one of its properties.</summary>
    public static IEnumerable<IOperation> ValuesOf(ILocalSymbol local, string property, IOperation inside) =>
        Root(inside)
            .Descendants()
            .OfType<ISimpleAssignmentOperation>()
            .Where(assignment =>
                assignment.Target is IPropertyReferenceOperation { Instance: ILocalReferenceOperation owner } target
                && target.Property.Name == property
                && Is(owner.Local, local)
            )
            .Select(assignment => assignment.Value);

    private static bool Is(ILocalSymbol one, ILocalSymbol other) => SymbolEqualityComparer.Default.Equals(one, other);

    private static IOperation Root(IOperation operation) => operation.Parent is { } parent ? Root(parent) : operation;
}
