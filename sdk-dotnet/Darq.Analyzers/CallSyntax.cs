using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

internal static class CallSyntax
{
    /// <summary>The name in a call, without its receiver and its arguments, which may run over many lines.</summary>
    public static Location NameOf(IInvocationOperation call) =>
        call.Syntax is not InvocationExpressionSyntax { Expression: var called }
            ? call.Syntax.GetLocation()
            : called switch
            {
                MemberAccessExpressionSyntax member => member.Name.GetLocation(),
                MemberBindingExpressionSyntax member => member.Name.GetLocation(),
                _ => called.GetLocation(),
            };

    /// <summary>What a value is before it is converted or made a delegate.</summary>
    public static IOperation Unwrapped(IOperation value) =>
        value switch
        {
            IConversionOperation conversion => Unwrapped(conversion.Operand),
            IDelegateCreationOperation delegated => Unwrapped(delegated.Target),
            _ => value,
        };
}
