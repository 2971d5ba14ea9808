using System.Globalization;

namespace Darq.Testing.Crashes;

internal enum MomentKind
{
    BeforeHandler,
    CompetingWrite,
    BeforeCall,
    AfterCall,
    FailedCall,
    AfterHandler,
    AfterAnswer,
}

/// <summary>A moment of a delivery at which its process may die, a call of it fail, or another step write what it has read.</summary>
/// <param name="Topic">Of the message.</param>
/// <param name="Id">Of the message.</param>
/// <param name="Attempt">Which attempt it is.</param>
/// <param name="Kind">Where in the delivery.</param>
/// <param name="Call">The number of the call; 0 for none.</param>
/// <param name="Text">What the call is, or which key another step writes.</param>
/// <param name="IsCommit">Whether the call is the step that consumes the message.</param>
internal sealed record Moment(string Topic, string Id, int Attempt, MomentKind Kind, int Call = 0, string Text = "", bool IsCommit = false)
{
    /// <summary>Counts the calls of one text in an attempt, from 1.</summary>
    public int Nth { get; init; } = 1;

    /// <summary>
    /// By which another run finds the same moment. What other handlers do, and in which order the handler's own parallel calls come, is not
    /// in it.
    /// </summary>
    public string Name
    {
        get
        {
            var call = Text.Length == 0 ? "" : $" {Text}";
            var nth = Nth > 1 ? $" #{Nth}" : "";
            return string.Create(CultureInfo.InvariantCulture, $"{Topic}/{Id}/{Attempt} {Kind}{call}{nth}");
        }
    }

    /// <summary>The moment at which another step writes a key, in the same delivery.</summary>
    public Moment Competing(string key) => new(Topic, Id, Attempt, MomentKind.CompetingWrite, Text: key);

    /// <summary>The moment after a call; a commit is one only if it took effect.</summary>
    public Moment After(bool tookEffect) => this with { Kind = MomentKind.AfterCall, IsCommit = IsCommit && tookEffect };

    /// <summary>The call's answer is a failure, whatever it was.</summary>
    public Moment Failed() => this with { Kind = MomentKind.FailedCall };

    public override string ToString()
    {
        var where = Kind switch
        {
            MomentKind.BeforeHandler => "before the handler",
            MomentKind.CompetingWrite => $"another step wrote '{Text}' between the handler's last read and its commit",
            MomentKind.BeforeCall => $"before call {Call} ({Text}) took effect",
            MomentKind.AfterCall => $"after call {Call} ({Text}) took effect, before its answer",
            MomentKind.FailedCall => $"call {Call} ({Text}) took effect, and failed with Unavailable",
            MomentKind.AfterHandler => "after the handler, before its answer arrived",
            _ => "after the answer arrived, before Redis knew",
        };
        return $"{where}, at attempt {Attempt} of message {Id} of topic '{Topic}'";
    }
}
