using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Checks;

/// <summary>
/// Whether components hold what would go outside, because Redis lost what it had confirmed as durable. <c>repair --accepts-loss</c> lets
/// them go on.
/// </summary>
internal static class BrokenPromiseCheck
{
    public static bool IsWorldLine(string text) => StoredNumbers.TryRead(text, out var number) && number > 0;

    /// <param name="key">The key of the namespace.</param>
    /// <param name="facts">What it says.</param>
    /// <param name="accepted">The world-line whose loss is accepted; null where none was given.</param>
    public static IEnumerable<Finding> Judge(string key, NamespaceFacts facts, string? accepted)
    {
        var (broken, before) = (NumberOf(facts.Broken), NumberOf(facts.Accepted));
        if (broken <= before)
        {
            if (accepted is not null && NumberOf(accepted) != broken)
            {
                yield return NothingToAccept(key, accepted);
            }

            yield break;
        }

        var isAccepted = accepted == facts.Broken;
        yield return new(
            isAccepted ? Severity.Warning : Severity.Error,
            "namespace",
            $"Writes of world-line {broken} that Redis had confirmed as durable were lost, and components hold answers and deliveries."
        )
        {
            Key = key,
            Field = "broken",
            Means = "Durable requests are answered UNAVAILABLE; messages wait, but those of subscriptions with releaseAt: applied.",
            Do = isAccepted
                ? ""
                : $"Find out what became of the primary and its replicas, and whether one has the writes; then repair --accepts-loss {broken}",
            Repair = isAccepted
                ? new(
                    "lets components go on within five seconds; what was confirmed and is gone stays gone",
                    key,
                    GuardedChange.Of(key, Condition.Field(key, "broken", facts.Broken), "HSET", key, "accepted", accepted!)
                )
                : null,
        };
    }

    private static Finding NothingToAccept(string key, string accepted) =>
        new(Severity.Error, "namespace", $"No loss of world-line {accepted} waits to be accepted.")
        {
            Key = key,
            Means = "Components hold nothing here; it is another namespace or database than theirs, or their Redis has changed since.",
            Do = "Give --namespace and --redis-db as the component files have them, and the world-line that their log or /readyz names",
        };

    private static long NumberOf(string? text) => text is not null && StoredNumbers.TryRead(text, out var number) ? number : 0;
}
