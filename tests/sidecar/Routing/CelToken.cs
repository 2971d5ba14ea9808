namespace Darq.Sidecar.Routing;

internal enum CelKind
{
    Name,
    Literal,
    Symbol,
    End,
}

/// <summary>A token of a rule's expression, the column where it begins, counted from one, and a literal's value.</summary>
internal readonly record struct CelToken(CelKind Kind, string Text, int Column, object? Value = null);
