using System.Globalization;
using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>What a claim or a resumption answers about a lane that is ours now (claim.lua).</summary>
/// <param name="FencingToken">Under which it is held.</param>
/// <param name="PassedUpTo">Everything up to it is done with.</param>
/// <param name="TakeOvers">How many times in a row a holder died while the message after <paramref name="PassedUpTo"/> was its first
/// unfinished one.</param>
/// <param name="Parked">Messages in the retry queue.</param>
/// <param name="Passed">First and last seq of what is done with above <paramref name="PassedUpTo"/>.</param>
internal sealed record ClaimResult(
    string FencingToken,
    Position PassedUpTo,
    int TakeOvers,
    int Parked,
    IReadOnlyList<(long First, long Last)> Passed
)
{
    /// <summary>Null where the answer says that the lane is not ours.</summary>
    public static ClaimResult? Parse(string answer) =>
        answer.Split(' ') is ["OK", var fencingToken, var upTo, var takeOvers, var parked, .. var passed]
            ? new(fencingToken, Position.Parse(upTo), (int)Number(takeOvers), (int)Number(parked), [.. passed.Select(Interval)])
            : null;

    private static (long First, long Last) Interval(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return (Number(text.AsSpan(0, colon)), Number(text.AsSpan(colon + 1)));
    }

    private static long Number(ReadOnlySpan<char> text) => long.Parse(text, CultureInfo.InvariantCulture);
}
