using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>
/// Tells which places live on after a handler. An object that a handler makes is its own, with all that it puts into it; so is an object
/// whose constructor it is in.
/// </summary>
internal static class Places
{
    public static bool Outlives(IOperation target, IMethodSymbol? handler) =>
        target switch
        {
            IParameterReferenceOperation { Parameter.RefKind: RefKind.Out or RefKind.Ref } => true,
            IParameterReferenceOperation parameter => IsOutside(handler, parameter.Parameter),
            ILocalReferenceOperation local => IsOutside(handler, local.Local),
            _ => IsForeignMember(target, handler),
        };

    /// <summary>A field, property or event, or an element of one, that others than the handler may have.</summary>
    public static bool IsForeignMember(IOperation target, IMethodSymbol? handler) =>
        target switch
        {
            // What is set there is unset when the async function returns that set it.
            IPropertyReferenceOperation { Property: { Name: "Value", ContainingType.Name: "AsyncLocal" } } => false,
            IMemberReferenceOperation { Instance: null } => true,
            IMemberReferenceOperation { Instance: { } owner } => IsForeign(owner, handler),
            IArrayElementReferenceOperation element => IsForeignMember(element.ArrayReference, handler),
            _ => false,
        };

    private static bool IsForeign(IOperation owner, IMethodSymbol? handler) =>
        owner switch
        {
            IConversionOperation conversion => IsForeign(conversion.Operand, handler),
            IConditionalAccessInstanceOperation => Accessed(owner) is not { } accessed || IsForeign(accessed, handler),
            IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } => !IsInConstructor(owner),
            IInstanceReferenceOperation or IObjectCreationOperation => false,
            ILocalReferenceOperation { Local: var local } => IsOutside(handler, local) || ComesFromOutside(local, owner),
            IMemberReferenceOperation or IArrayElementReferenceOperation => IsForeignMember(owner, handler),
            _ => true,
        };

    /// <summary>What stands before the <c>?.</c> to which a member belongs.</summary>
    private static IOperation? Accessed(IOperation instance)
    {
        var member = instance;
        while (member.Parent is { } around && (around as IConditionalAccessOperation)?.WhenNotNull != member)
        {
            member = around;
        }

        return (member.Parent as IConditionalAccessOperation)?.Operation;
    }

    private static bool IsInConstructor(IOperation operation) =>
        operation is IConstructorBodyOperation || (operation.Parent is { } parent && IsInConstructor(parent));

    /// <summary>The variable is but another name for what a field or a parameter has.</summary>
    private static bool ComesFromOutside(ILocalSymbol local, IOperation use) =>
        Variables
            .ValuesOf(local, use)
            .Any(value => CallSyntax.Unwrapped(value) is IMemberReferenceOperation or IParameterReferenceOperation);

    private static bool IsOutside(IMethodSymbol? handler, ISymbol variable) =>
        handler?.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() is { } syntax && !Captures.IsDeclaredIn(syntax, variable);
}
