using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>Tells whether somebody can still await what a call returns.</summary>
internal static class Tasks
{
    public static bool IsTask(ITypeSymbol? type) =>
        type is { Name: "Task" or "ValueTask" or "ConfiguredTaskAwaitable" or "ConfiguredValueTaskAwaitable" }
        && type.ContainingNamespace?.ToDisplayString() is "System.Threading.Tasks" or "System.Runtime.CompilerServices";

    /// <summary>The call is a statement, or its result goes to a discard; also with <c>ConfigureAwait</c> and the like behind it.</summary>
    public static bool IsThrownAway(IInvocationOperation call) =>
        User(call) switch
        {
            IExpressionStatementOperation => true,
            ISimpleAssignmentOperation { Target: IDiscardOperation } => true,
            _ => false,
        };

    /// <summary>What uses the result of a call, or of the tasks that were made of it and of those that it is one of.</summary>
    public static IOperation? User(IInvocationOperation call)
    {
        IOperation used = call;
        while (true)
        {
            switch (used.Parent)
            {
                case IConversionOperation or IConditionalAccessOperation:
                    used = used.Parent;
                    break;
                case IInvocationOperation next when next.Instance == used && IsTask(next.Type):
                    used = next;
                    break;
                case IArgumentOperation or IArrayInitializerOperation or ICollectionExpressionOperation when WhenAll(used) is { } all:
                    used = all;
                    break;
                default:
                    return used.Parent;
            }
        }
    }

    /// <summary>The call that waits for a task, which stands among its arguments or in a collection that is one.</summary>
    private static IInvocationOperation? WhenAll(IOperation task)
    {
        var argument = task.Parent;
        while (argument is IArrayInitializerOperation or IArrayCreationOperation or ICollectionExpressionOperation or IConversionOperation)
        {
            argument = argument.Parent;
        }

        return argument is IArgumentOperation { Parent: IInvocationOperation { TargetMethod.Name: nameof(Task.WhenAll) } call }
            ? call
            : null;
    }
}
