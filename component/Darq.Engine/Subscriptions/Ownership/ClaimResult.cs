using System.Globalization;
using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Ownership;

internal enum ClaimOutcome
{
    /// <summary>This session owns the lane.</summary>
    Owned,

    /// <summary>Another session owns it.</summary>
    OwnedByAnother,

    /// <summary>It cannot be resumed.</summary>
    Lost,

    /// <summary>A key of it is damaged; nobody gets it before that is repaired.</summary>
    Damaged,
}

/// <summary>The reply of a claim or a resumption about one lane (claim.lua).</summary>
/// <param name="Outcome">Which session owns it.</param>
/// <param name="Owner">The session that owns it, where that is another.</param>
/// <param name="FencingToken">The token of this ownership.</param>
/// <param name="AckedUpTo">The ack watermark.</param>
/// <param name="TakeOvers">How many times in a row an owner died while the message after <paramref name="AckedUpTo"/> was its first
/// unfinished one.</param>
/// <param name="InRetryQueue">Messages in the retry queue.</param>
/// <param name="Acked">First and last number of the ranges acked above <paramref name="AckedUpTo"/>.</param>
/// <param name="Damage">Which key is damaged, and how; "" where none is.</param>
internal sealed record ClaimResult(
    ClaimOutcome Outcome,
    string Owner,
    string FencingToken,
    Position AckedUpTo,
    int TakeOvers,
    int InRetryQueue,
    IReadOnlyList<(long First, long Last)> Acked,
    string Damage = ""
)
{
    /// <summary>A reply in no form of claim.lua is an error's text.</summary>
    public static ClaimResult Parse(string reply) =>
        reply.Split(' ') switch
        {
            ["OK", var token, var upTo, var takeOvers, var waiting, .. var acked] => new(
                ClaimOutcome.Owned,
                "",
                token,
                Position.Parse(upTo),
                (int)Number(takeOvers),
                (int)Number(waiting),
                [.. acked.Select(Range)]
            ),
            ["HELD", var owner] => Without(ClaimOutcome.OwnedByAnother, owner),
            ["LOST"] => Without(ClaimOutcome.Lost, ""),
            _ => Without(ClaimOutcome.Damaged, "") with { Damage = reply },
        };

    private static ClaimResult Without(ClaimOutcome outcome, string owner) => new(outcome, owner, "", default, 0, 0, []);

    private static (long First, long Last) Range(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? throw new FormatException($"A claim was answered with the range '{text}'.")
            : (Number(text.AsSpan(0, colon)), Number(text.AsSpan(colon + 1)));
    }

    private static long Number(ReadOnlySpan<char> text) => long.Parse(text, CultureInfo.InvariantCulture);
}
