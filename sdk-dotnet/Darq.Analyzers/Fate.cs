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
        IOperation? element = null;
        while (IsPartOf(used.Parent))
        {
            element = used.Parent is ITupleOperation ? used : element;
            used = used.Parent!;
        }

        return used.Parent switch
        {
            IDeconstructionAssignmentOperation assignment when assignment.Value == used => TargetOf(element, assignment) is { } target
            && Places.Outlives(target, handler)
                ? Keeps(target)
                : null,
            IAssignmentOperation assignment when assignment.Value == used && Places.Outlives(assignment.Target, handler) => Keeps(
                assignment.Target
            ),
            IEventAssignmentOperation { Adds: true } assignment
                when assignment.HandlerValue == used && Places.IsForeignMember(assignment.EventReference, handler) => Keeps(
                assignment.EventReference
            ),
            IArgumentOperation { Parent: IInvocationOperation call } => OfArgument(call, handler),
            IArgumentOperation { Parent: IObjectCreationOperation made } when Continues(made.Type) => GoesOn(made.Type!.Name),
            _ => null,
        };
    }

    /// <summary>Work that a call started and that uses the step goes on if its task can no longer be awaited.</summary>
    public static string? OfResult(IInvocationOperation call, IMethodSymbol? handler)
    {
        if (!Tasks.IsTask(call.Type))
        {
            return null;
        }

        var stored = Tasks.User(call) is IAssignmentOperation { Target: var target } && Places.IsForeignMember(target, handler);
        return stored || Tasks.IsThrownAway(call) ? $"nobody awaits '{Name(call.TargetMethod)}'" : null;
    }

    private static string? OfArgument(IInvocationOperation call, IMethodSymbol? handler)
    {
        if (IsBackground(call.TargetMethod))
        {
            return GoesOn(Name(call.TargetMethod));
        }

        return
            Adding.Contains(call.TargetMethod.Name)
            && call.Instance is { } collection
            && Places.IsForeignMember(collection, handler)
            && IsCollection(call)
            ? Keeps(collection)
            : OfResult(call, handler);
    }

    /// <summary>Whether an operation hands on the value in it as it is, or as one of several.</summary>
    private static bool IsPartOf(IOperation? operation) =>
        operation is IConversionOperation or IDelegateCreationOperation or IConditionalOperation or ICoalesceOperation or ITupleOperation;

    private static IOperation? TargetOf(IOperation? element, IDeconstructionAssignmentOperation assignment) =>
        assignment.Target is ITupleOperation targets && element?.Parent is ITupleOperation values
            ? targets.Elements.ElementAtOrDefault(values.Elements.IndexOf(element))
            : null;

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
