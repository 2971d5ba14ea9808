using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>
/// DARQ002: a step, its state or a function that uses them, where something can use it after the handler. <see cref="Fate"/> decides that
/// for a value at the place where it stands; the reported place is always one that names the step.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class EscapedStepAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.EscapedStep];

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

            start.RegisterOperationAction(
                operation => CheckValue(operation, types),
                OperationKind.ParameterReference,
                OperationKind.LocalReference,
                OperationKind.PropertyReference
            );
            start.RegisterOperationAction(operation => CheckFunction(operation, types), OperationKind.AnonymousFunction);
            start.RegisterOperationAction(operation => CheckAsyncVoid(operation, types), OperationKind.LocalFunction);
            start.RegisterSymbolAction(method => CheckAsyncVoid(method, types), SymbolKind.Method);
            start.RegisterOperationAction(operation => CheckLocalFunction(operation, types), OperationKind.MethodReference);
            start.RegisterOperationAction(operation => CheckLocalCall(operation, types), OperationKind.Invocation);
        });
    }

    private static void CheckValue(OperationAnalysisContext context, StepTypes types)
    {
        if (types.IsStepOrState(context.Operation.Type))
        {
            Report(context, types, context.Operation, context.Operation);
        }
    }

    private static void CheckFunction(OperationAnalysisContext context, StepTypes types)
    {
        var function = (IAnonymousFunctionOperation)context.Operation;
        if (Captures.StepIn(function, types) is not { } use)
        {
            ReportIfAsyncVoid(function.Symbol, OwnStep(function.Symbol, types), context.ReportDiagnostic);
        }
        // Report says whether there was something to report, but an async void function is one wherever it goes.
        else if (!Report(context, types, function, use))
        {
            ReportIfAsyncVoid(function.Symbol, use.Syntax.GetLocation(), context.ReportDiagnostic);
        }
    }

    private static void CheckAsyncVoid(OperationAnalysisContext context, StepTypes types)
    {
        var function = (ILocalFunctionOperation)context.Operation;
        var step = Captures.StepIn(function, types)?.Syntax.GetLocation() ?? OwnStep(function.Symbol, types);
        ReportIfAsyncVoid(function.Symbol, step, context.ReportDiagnostic);
    }

    private static void CheckAsyncVoid(SymbolAnalysisContext context, StepTypes types)
    {
        var method = (IMethodSymbol)context.Symbol;
        ReportIfAsyncVoid(method, OwnStep(method, types), context.ReportDiagnostic);
    }

    private static Location? OwnStep(IMethodSymbol function, StepTypes types) =>
        StepHandlers.StepOf(function, types)?.Locations.FirstOrDefault();

    private static void ReportIfAsyncVoid(IMethodSymbol function, Location? step, Action<Diagnostic> report)
    {
        if (function is { IsAsync: true, ReturnsVoid: true } && step is not null)
        {
            report(Diagnostic.Create(Rules.EscapedStep, step, "nobody awaits an async void function"));
        }
    }

    private static void CheckLocalFunction(OperationAnalysisContext context, StepTypes types)
    {
        var reference = (IMethodReferenceOperation)context.Operation;
        if (Captures.StepIn(reference.Method, reference, types) is not null)
        {
            Report(context, types, reference, reference);
        }
    }

    private static void CheckLocalCall(OperationAnalysisContext context, StepTypes types)
    {
        var call = (IInvocationOperation)context.Operation;
        if (
            Captures.StepIn(call.TargetMethod, call, types) is not null
            && Fate.OfResult(call, StepHandlers.Outermost(call, types, context.CancellationToken)) is { } fate
        )
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.EscapedStep, CallSyntax.NameOf(call), fate));
        }
    }

    private static bool Report(OperationAnalysisContext context, StepTypes types, IOperation value, IOperation use)
    {
        var handler = StepHandlers.Outermost(value, types, context.CancellationToken);
        if (Fate.Of(value, handler) is not { } fate)
        {
            return false;
        }

        context.ReportDiagnostic(Diagnostic.Create(Rules.EscapedStep, use.Syntax.GetLocation(), fate));
        return true;
    }
}
