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

    /// <summary>What uses the result of a call, or of the tasks that were made of it.</summary>
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
                default:
                    return used.Parent;
            }
        }
    }
}
