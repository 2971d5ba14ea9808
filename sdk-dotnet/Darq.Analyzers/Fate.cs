using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>
/// Tells what keeps a value beyond the handler in which it stands, in words of the message of DARQ002; null if nothing evidently does.
/// A value that is passed to a call that is awaited, or put into an object that is just being made, is not kept by that alone.
/// </summary>
internal static class Fate
{
    private static readonly ImmutableHashSet<string> Adding =
    [
        "Add",
        "TryAdd",
        "AddFirst",
        "AddLast",
        "Enqueue",
        "Insert",
        "Push",
        "TryWrite",
        "WriteAsync",
    ];

    public static string? Of(IOperation value, IMethodSymbol? handler)
    {
        var used = value;
        while (used.Parent is IConversionOperation or IDelegateCreationOperation)
        {
            used = used.Parent;
        }

        return used.Parent switch
        {
            IAssignmentOperation assignment when assignment.Value == used && Outlives(assignment.Target, handler) => Keeps(
                assignment.Target
            ),
            IEventAssignmentOperation assignment when assignment.HandlerValue == used && assignment.Adds => Keeps(
                assignment.EventReference
            ),
            IArgumentOperation { Parent: IInvocationOperation call } => OfArgument(call),
            IArgumentOperation { Parent: IObjectCreationOperation made } when Continues(made.Type) => GoesOn(made.Type!.Name),
            _ => null,
        };
    }

    /// <summary>Work that a call started and that uses the step goes on if its task can no longer be awaited.</summary>
    public static string? OfResult(IInvocationOperation call)
    {
        if (!Tasks.IsTask(call.Type))
        {
            return null;
        }

        return Tasks.IsThrownAway(call) || Tasks.User(call) is IAssignmentOperation { Target: var target } && IsMember(target)
            ? $"nobody awaits '{Name(call.TargetMethod)}'"
            : null;
    }

    private static string? OfArgument(IInvocationOperation call)
    {
        if (IsBackground(call.TargetMethod))
        {
            return GoesOn(Name(call.TargetMethod));
        }

        return Adding.Contains(call.TargetMethod.Name) && call.Instance is { } collection && IsMember(collection) && IsCollection(call)
            ? Keeps(collection)
            : OfResult(call);
    }

    private static bool Outlives(IOperation target, IMethodSymbol? handler) =>
        target switch
        {
            IPropertyReferenceOperation
            {
                Instance: IInstanceReferenceOperation { ReferenceKind: not InstanceReferenceKind.ContainingTypeInstance }
            } => false,
            IParameterReferenceOperation { Parameter.RefKind: RefKind.Out or RefKind.Ref } => true,
            IParameterReferenceOperation parameter => IsOutside(handler, parameter.Parameter),
            ILocalReferenceOperation local => IsOutside(handler, local.Local),
            _ => IsMember(target),
        };

    private static bool IsMember(IOperation target) =>
        target switch
        {
            IFieldReferenceOperation or IPropertyReferenceOperation => true,
            IArrayElementReferenceOperation element => IsMember(element.ArrayReference),
            _ => false,
        };

    private static bool IsOutside(IMethodSymbol? handler, ISymbol variable) =>
        handler?.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() is { } syntax && !Captures.IsDeclaredIn(syntax, variable);

    private static bool IsCollection(IInvocationOperation call) =>
        call.TargetMethod.ContainingNamespace?.ToDisplayString() is { } space
        && (space.StartsWith("System.Collections", StringComparison.Ordinal) || space == "System.Threading.Channels");

    private static bool IsBackground(IMethodSymbol method) =>
        method
            is { Name: "QueueUserWorkItem" or "UnsafeQueueUserWorkItem", ContainingType.Name: "ThreadPool" }
                or { Name: "CreateTimer", ContainingType.Name: "TimeProvider" };

    private static bool Continues(ITypeSymbol? type) =>
        type is { Name: "Thread" or "Timer", ContainingNamespace: var space } && space.ToDisplayString() == "System.Threading";

    private static string Name(IMethodSymbol method) =>
        method.MethodKind == MethodKind.LocalFunction ? method.Name : $"{method.ContainingType.Name}.{method.Name}";

    private static string Keeps(IOperation target) => $"'{target.Syntax}' keeps it";

    private static string GoesOn(string work) => $"'{work}' goes on with it";
}
