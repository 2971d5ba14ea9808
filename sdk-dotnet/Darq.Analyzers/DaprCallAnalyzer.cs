using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>DARQ001: publishes and accesses to state that take effect beside the step in which they are called.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class DaprCallAnalyzer : DiagnosticAnalyzer
{
    /// <summary>The methods of DaprClient, and what the step has in their place.</summary>
    public static readonly ImmutableDictionary<string, string> Instead = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["PublishEventAsync"] = "Step.Emit",
        ["PublishByteEventAsync"] = "Step.Emit",
        ["BulkPublishEventAsync"] = "Step.Emit",
        ["SaveStateAsync"] = "Step.State.Set",
        ["SaveByteStateAsync"] = "Step.State.Set",
        ["SaveBulkStateAsync"] = "Step.State.Set",
        ["TrySaveStateAsync"] = "Step.State.Set",
        ["TrySaveByteStateAsync"] = "Step.State.Set",
        ["DeleteStateAsync"] = "Step.State.Delete",
        ["DeleteBulkStateAsync"] = "Step.State.Delete",
        ["TryDeleteStateAsync"] = "Step.State.Delete",
        ["GetStateAsync"] = "Step.State.Get",
        ["GetByteStateAsync"] = "Step.State.Get",
        ["GetStateAndETagAsync"] = "Step.State.Get",
        ["GetByteStateAndETagAsync"] = "Step.State.Get",
        ["GetStateEntryAsync"] = "Step.State.Get",
        ["GetBulkStateAsync"] = "Step.State.Load",
        ["QueryStateAsync"] = "Step.State.Get",
        ["ExecuteStateTransactionAsync"] = "Step.State",
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>Those of the SDK's own client, which is for code that is no handler.</summary>
    private static readonly ImmutableDictionary<string, string> InsteadOfOwn = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["PublishAsync"] = "Step.Emit",
        ["PublishAllAsync"] = "Step.Emit",
        ["RunStepAsync"] = "Step",
    }.ToImmutableDictionary(StringComparer.Ordinal);

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.DaprCall];

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (StepTypes.Of(start.Compilation) is not { } types)
            {
                return;
            }

            foreach (var (client, instead) in new[] { ("Dapr.Client.DaprClient", Instead), ("Darq.IDarqClient", InsteadOfOwn) })
            {
                if (start.Compilation.GetTypeByMetadataName(client) is { } type)
                {
                    start.RegisterOperationAction(operation => Check(operation, types, type, instead), OperationKind.Invocation);
                }
            }
        });
    }

    private static void Check(
        OperationAnalysisContext context,
        StepTypes types,
        INamedTypeSymbol client,
        ImmutableDictionary<string, string> all
    )
    {
        var call = (IInvocationOperation)context.Operation;
        if (
            all.TryGetValue(call.TargetMethod.Name, out var instead)
            && IsMethodOf(client, call.TargetMethod)
            && StepHandlers.Contain(call, types, context.CancellationToken)
        )
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.DaprCall, CallSyntax.NameOf(call), call.TargetMethod.Name, instead));
        }
    }

    /// <summary>Also where a client of the app's own overrides the method.</summary>
    private static bool IsMethodOf(INamedTypeSymbol client, IMethodSymbol method)
    {
        for (var declared = method; declared is not null; declared = declared.OverriddenMethod)
        {
            if (SymbolEqualityComparer.Default.Equals(declared.ContainingType, client))
            {
                return true;
            }
        }

        return false;
    }
}
