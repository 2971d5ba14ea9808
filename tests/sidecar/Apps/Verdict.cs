namespace Darq.Sidecar.Apps;

internal enum Outcome
{
    Taken,
    Dropped,
    Failed,
}

/// <summary>What came of handing an event to an app; the text says in daprd's words why it was not taken.</summary>
internal readonly record struct Verdict(Outcome Outcome, string Text = "")
{
    public static Verdict Taken => new(Outcome.Taken);

    public static Verdict Dropped(string text) => new(Outcome.Dropped, text);

    public static Verdict Failed(string text) => new(Outcome.Failed, text);
}
