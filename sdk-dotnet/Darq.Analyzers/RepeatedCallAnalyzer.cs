using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>
/// DARQ004: calls of other services, in a handler that nowhere uses its idempotency key. A handler that passes its step on may use the key
/// elsewhere, and is left alone. So are calls that evidently only read.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class RepeatedCallAnalyzer : DiagnosticAnalyzer
{
    private const string Key = "IdempotencyKey";

    private static readonly ImmutableHashSet<string> Names =
    [
        "Send",
        "SendAsync",
        "PostAsync",
        "PutAsync",
        "PatchAsync",
        "DeleteAsync",
        "PostAsJsonAsync",
        "PutAsJsonAsync",
        "PatchAsJsonAsync",
        "DeleteFromJsonAsync",
        "InvokeMethodAsync",
        "InvokeMethodWithResponseAsync",
        "InvokeMethodGrpcAsync",
    ];

    private static readonly ImmutableHashSet<string> Clients =
    [
        "System.Net.Http.HttpClient",
        "System.Net.Http.HttpMessageInvoker",
        "System.Net.Http.Json.HttpClientJsonExtensions",
        "Dapr.Client.DaprClient",
    ];

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.CallWithoutKey];

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (StepTypes.Of(start.Compilation) is { } types)
            {
                start.RegisterOperationAction(operation => Check(operation, types), OperationKind.Invocation);
            }
        });
    }

    private static void Check(OperationAnalysisContext context, StepTypes types)
    {
        var call = (IInvocationOperation)context.Operation;
        if (
            CallsService(call.TargetMethod)
            && StepHandlers.Outermost(call, types, context.CancellationToken) is { } handler
            && !OnlyReads(call)
            && !MayUseKey(StepHandlers.BodyOf(handler, call), types)
        )
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.CallWithoutKey, CallSyntax.NameOf(call), call.TargetMethod.Name));
        }
    }

    private static bool CallsService(IMethodSymbol method) =>
        Names.Contains(method.Name) && Clients.Contains(method.ContainingType.ToDisplayString());

    /// <summary>The arguments, or the request in a local variable, name a method of HTTP that changes nothing.</summary>
    private static bool OnlyReads(IInvocationOperation call) =>
        call.Arguments.Any(argument =>
            NamesSafeMethod(argument.Value)
            || (CallSyntax.Unwrapped(argument.Value) is ILocalReferenceOperation { Local: var request } && NamesSafeMethod(request, call))
        );

    private static bool NamesSafeMethod(ILocalSymbol request, IOperation inside) =>
        Root(inside)
            .Descendants()
            .OfType<IVariableDeclaratorOperation>()
            .Any(declarator =>
                SymbolEqualityComparer.Default.Equals(declarator.Symbol, request)
                && (declarator.Initializer ?? (declarator.Parent as IVariableDeclarationOperation)?.Initializer) is { } made
                && NamesSafeMethod(made)
            );

    private static bool NamesSafeMethod(IOperation operation) =>
        operation
            .DescendantsAndSelf()
            .OfType<IPropertyReferenceOperation>()
            .Any(named =>
                named.Property is { Name: "Get" or "Head" or "Options" or "Trace", ContainingType.Name: "HttpMethod", IsStatic: true }
            );

    private static bool MayUseKey(IOperation handler, StepTypes types) =>
        handler
            .Descendants()
            .Any(operation =>
                operation switch
                {
                    IPropertyReferenceOperation property => property.Property.Name == Key && types.IsStep(property.Property.ContainingType),
                    IArgumentOperation argument => types.IsStep(CallSyntax.Unwrapped(argument.Value).Type),
                    _ => false,
                }
            );

    private static IOperation Root(IOperation operation) => operation.Parent is { } parent ? Root(parent) : operation;
}
