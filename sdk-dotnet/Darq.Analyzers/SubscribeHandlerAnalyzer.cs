using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Darq.Analyzers;

/// <summary>
/// DARQ005: an app that maps steps, subscribes by <c>[Topic]</c> or <c>WithTopic</c> besides, and has not Dapr's endpoint, which alone
/// tells the sidecar of the latter; steps need none. A library is not looked at, since the app around it may have the endpoint.
/// </summary>
/// <remarks>
/// It is reported at the first <c>MapStep</c> of each file, while that file is analyzed, and not at the end of the compilation: editors
/// offer no fix for what is only known then.
/// </remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
internal sealed class SubscribeHandlerAnalyzer : DiagnosticAnalyzer
{
    private const string MapStep = "MapStep";
    private const string Endpoint = "MapSubscribeHandler";

    // The same syntax tree is in the next compilation of an editor again, unless its file was edited.
    private readonly ConditionalWeakTable<SyntaxTree, FileNames> _names = new();

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.MissingSubscribeHandler];

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            if (StepTypes.Of(start.Compilation) is not null && IsApp(start.Compilation))
            {
                start.RegisterOperationAction(Check, OperationKind.Invocation);
            }
        });
    }

    /// <summary>Whether it is the SDK's method, and not one of the app that has the same name.</summary>
    public static bool IsMapStep(IMethodSymbol method) => method.Name == MapStep && method.ContainingAssembly?.Name == "Darq.AspNetCore";

    private static bool IsApp(Compilation compilation) =>
        compilation.Options.OutputKind
            is OutputKind.ConsoleApplication
                or OutputKind.WindowsApplication
                or OutputKind.WindowsRuntimeApplication;

    private void Check(OperationAnalysisContext context)
    {
        var call = (IInvocationOperation)context.Operation;
        if (!IsMapStep(call.TargetMethod) || !IsFirstOfFile(call, context.CancellationToken))
        {
            return;
        }

        FileNames[] files = [.. context.Compilation.SyntaxTrees.Select(tree => NamesIn(tree, context.CancellationToken))];
        if (files.Any(names => names.Topic) && !files.Any(names => names.Endpoint))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.MissingSubscribeHandler, CallSyntax.NameOf(call)));
        }
    }

    private static bool IsFirstOfFile(IInvocationOperation call, CancellationToken cancellation)
    {
        var name = CallSyntax.NameOf(call).SourceSpan;
        return !call
            .Syntax.SyntaxTree.GetRoot(cancellation)
            .DescendantNodes()
            .OfType<SimpleNameSyntax>()
            .Any(earlier =>
                earlier.SpanStart < name.Start
                && earlier.Identifier.ValueText == MapStep
                && call.SemanticModel!.GetSymbolInfo(earlier, cancellation).Symbol is IMethodSymbol method
                && IsMapStep(method)
            );
    }

    private FileNames NamesIn(SyntaxTree tree, CancellationToken cancellation)
    {
        if (_names.TryGetValue(tree, out var known))
        {
            return known;
        }

        var names = new FileNames();
        foreach (var name in tree.GetRoot(cancellation).DescendantNodes().OfType<SimpleNameSyntax>())
        {
            var text = name.Identifier.ValueText;
            names.Endpoint |= text == Endpoint;
            names.Topic |=
                text == "WithTopic" || (text is "Topic" or "TopicAttribute" && name.FirstAncestorOrSelf<AttributeSyntax>() is not null);
        }

        return _names.GetValue(tree, _ => names);
    }

    /// <summary>What a file names.</summary>
    private sealed class FileNames
    {
        public bool Endpoint { get; set; }

        public bool Topic { get; set; }
    }
}
