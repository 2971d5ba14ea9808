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
            && !Requests.OnlyRead(call)
            && !MayUseKey(StepHandlers.BodyOf(handler, call), types)
        )
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.CallWithoutKey, CallSyntax.NameOf(call), call.TargetMethod.Name));
        }
    }

    private static bool CallsService(IMethodSymbol method) =>
        Names.Contains(method.Name) && Clients.Contains(method.ContainingType.ToDisplayString());

    private static bool MayUseKey(IOperation handler, StepTypes types) =>
        handler
            .Descendants()
            .Any(operation =>
                operation switch
                {
                    IPropertyReferenceOperation property => property.Property.Name == Key && types.IsStep(property.Property.ContainingType),
                    IParameterReferenceOperation or ILocalReferenceOperation => types.IsStep(operation.Type)
                        && IsPassedOn(operation, types),
                    // The name of the header: the app has a key of its own.
                    _ => operation.ConstantValue is { HasValue: true, Value: string text }
                        && text.IndexOf("idempotency", StringComparison.OrdinalIgnoreCase) >= 0,
                }
            );

    /// <summary>Whether it is used for anything else than for one of its members.</summary>
    private static bool IsPassedOn(IOperation step, StepTypes types) =>
        step.Parent switch
        {
            IMemberReferenceOperation member => !types.IsStep(member.Member.ContainingType),
            IInvocationOperation call => !types.IsStep(call.TargetMethod.ContainingType),
            IConditionalAccessOperation or IIsPatternOperation or IBinaryOperation => false,
            IVariableInitializerOperation => false,
            _ => true,
        };
}
