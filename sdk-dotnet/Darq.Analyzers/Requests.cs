using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>Tells whether a request of HTTP evidently changes nothing at the other service.</summary>
internal static class Requests
{
    private static readonly ImmutableHashSet<string> SafeMethods = ImmutableHashSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Get",
        "Head",
        "Options",
        "Trace"
    );

    /// <summary>The arguments of the call, or the request in a local variable, name a safe method, or leave it at GET.</summary>
    public static bool OnlyRead(IInvocationOperation call) =>
        call.Arguments.Any(argument =>
            CallSyntax.Unwrapped(argument.Value) is ILocalReferenceOperation { Local: var request }
                ? IsSafe(request, call)
                : IsSafe(argument.Value)
        );

    private static bool IsSafe(ILocalSymbol request, IOperation inside)
    {
        var methods = Variables.ValuesOf(request, "Method", inside).ToArray();
        return methods.Length > 0 ? methods.All(NamesSafeMethod) : Variables.ValuesOf(request, inside).Any(IsSafe);
    }

    private static bool IsSafe(IOperation request) =>
        NamesSafeMethod(request) || request.DescendantsAndSelf().OfType<IObjectCreationOperation>().Any(IsGetByDefault);

    private static bool IsGetByDefault(IObjectCreationOperation made) =>
        made is { Type.Name: "HttpRequestMessage", Arguments.IsEmpty: true }
        && made.Initializer?.Initializers.Any(one =>
            one is ISimpleAssignmentOperation { Target: IPropertyReferenceOperation { Property.Name: "Method" } }
        )
            is not true;

    private static bool NamesSafeMethod(IOperation operation) =>
        operation
            .DescendantsAndSelf()
            .Any(named =>
                named switch
                {
                    IPropertyReferenceOperation { Property: { IsStatic: true } property } => IsMethod(property.ContainingType)
                        && SafeMethods.Contains(property.Name),
                    IObjectCreationOperation made => IsMethod(made.Type) && NamesSafe(made.Arguments),
                    IInvocationOperation parsed => IsMethod(parsed.TargetMethod.ContainingType) && NamesSafe(parsed.Arguments),
                    _ => false,
                }
            );

    private static bool IsMethod(ITypeSymbol? type) => type?.Name == "HttpMethod";

    private static bool NamesSafe(ImmutableArray<IArgumentOperation> arguments) =>
        arguments.Any(argument =>
            CallSyntax.Unwrapped(argument.Value).ConstantValue is { HasValue: true, Value: string name } && SafeMethods.Contains(name)
        );
}
