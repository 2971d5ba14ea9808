using Microsoft.CodeAnalysis;

namespace Darq.Analyzers;

/// <summary>The types of the SDK in a compilation. Where they are missing, no rule has anything to look at.</summary>
internal sealed class StepTypes
{
    private StepTypes(INamedTypeSymbol step, INamedTypeSymbol state)
    {
        Step = step;
        State = state;
    }

    public INamedTypeSymbol Step { get; }

    public INamedTypeSymbol State { get; }

    public static StepTypes? Of(Compilation compilation) =>
        compilation.GetTypeByMetadataName("Darq.Step") is { } step && compilation.GetTypeByMetadataName("Darq.StepState") is { } state
            ? new(step, state)
            : null;

    public bool IsStep(ITypeSymbol? type) => SymbolEqualityComparer.Default.Equals(type, Step);

    public bool IsState(ITypeSymbol? type) => SymbolEqualityComparer.Default.Equals(type, State);

    public bool IsStepOrState(ITypeSymbol? type) => IsStep(type) || IsState(type);
}
