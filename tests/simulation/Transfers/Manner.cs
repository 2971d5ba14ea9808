namespace Darq.Tests.Simulation.Transfers;

/// <summary>What a sidecar and its app make of one delivery.</summary>
internal enum Manner
{
    /// <summary>The handler is called, and its answer passed on.</summary>
    Handles,

    /// <summary>The sidecar acknowledges it; the app never sees it.</summary>
    AcksUnseen,

    /// <summary>The app is not there.</summary>
    AppIsGone,

    /// <summary>The handler begins its work only when its time is over.</summary>
    Late,

    /// <summary>Nothing ever answers; the sidecar is started anew in the end.</summary>
    NeverAnswers,

    /// <summary>The handler takes longer than the processing timeout, and asks for more time on the way.</summary>
    AsksForTime,
}
