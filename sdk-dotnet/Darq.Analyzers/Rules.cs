using Microsoft.CodeAnalysis;

namespace Darq.Analyzers;

/// <summary>The rules. <c>docs/analyzers.md</c> has a section for each, with the anchor that its link names.</summary>
internal static class Rules
{
    private const string Category = "Steps";
    private const string Page = "https://github.com/dapr-darq/dapr-darq/blob/main/docs/analyzers.md";

    /// <summary>Arguments: the method of the client, what to use instead.</summary>
    public static readonly DiagnosticDescriptor DaprCall = new(
        "DARQ001",
        "Publish and use state through the step, not through a client",
        "'{0}' is not part of the step; use '{1}'",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "A call of DaprClient or IDarqClient takes effect at once: it stays when the handler fails and is repeated when the step runs "
            + "again. What it reads does not guard the commit.",
        Page + "#darq001"
    );

    /// <summary>Argument: what keeps the step.</summary>
    public static readonly DiagnosticDescriptor EscapedStep = new(
        "DARQ002",
        "Use the step only until its handler returns",
        "The step is over when its handler returns, but {0}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "A step is committed when its handler returns. Every later use of it, or of its state, throws.",
        Page + "#darq002"
    );

    /// <summary>Argument: the method of StepState.</summary>
    public static readonly DiagnosticDescriptor UnawaitedRead = new(
        "DARQ003",
        "Await reads of the step's state",
        "'{0}' is not awaited",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "Without await the read may end after the step, does not reliably guard its commit, and a fault of it goes unnoticed.",
        Page + "#darq003"
    );

    /// <summary>Argument: the method that calls the other service.</summary>
    public static readonly DiagnosticDescriptor CallWithoutKey = new(
        "DARQ004",
        "Send the step's idempotency key with calls that change something",
        "'{0}' is called again when the step runs again; send 'Step.IdempotencyKey' with it",
        Category,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true,
        "A step takes effect once, but its handler can run several times: after a crash, a conflict or a lost lane. "
            + "Another service recognises the repeated call by a key that is the same each time.",
        Page + "#darq004"
    );

    public static readonly DiagnosticDescriptor MissingSubscribeHandler = new(
        "DARQ005",
        "Call MapSubscribeHandler so that the sidecar learns of all subscriptions",
        "Subscriptions by [Topic] or WithTopic get no message: 'MapSubscribeHandler' is called nowhere",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "The sidecar asks the app at /dapr/subscribe for its subscriptions. Steps are listed there in any case, others by "
            + "MapSubscribeHandler alone.",
        Page + "#darq005"
    );
}
