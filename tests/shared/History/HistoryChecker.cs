namespace Darq.Tests.Shared.History;

/// <summary>
/// Judges a complete history: one whose publishers have given up nothing, and where everything was given the time to
/// finish before the final amounts were read. Pure; the simulator, the fault tests and the demo share it.
/// </summary>
internal static class HistoryChecker
{
    public static Verdict Check(IReadOnlyList<HistoryEvent> history)
    {
        var ledger = new Ledger(history);
        List<Violation> violations =
        [
            .. Lost(ledger),
            .. Duplicated(ledger),
            .. Unexpected(ledger),
            .. Torn(ledger),
            .. Unbalanced(ledger),
            .. EffectsOutOfOrder(ledger),
            .. DeliveriesOutOfOrder(ledger),
            .. Overlapping(ledger),
        ];
        return new Verdict(violations)
        {
            Accepted = ledger.Accepted.Count,
            Effective = ledger.Receipts.Count,
            Recovered = ledger.Receipts.Keys.Count(id => !ledger.Accepted.ContainsKey(id)),
            Redelivered = ledger.Of(EventKind.Delivered).GroupBy(line => (line.Group, line.Id)).Sum(group => group.Count() - 1),
        };
    }

    private static IEnumerable<Violation> Lost(Ledger ledger)
    {
        foreach (var id in ledger.Accepted.Keys.Where(id => !ledger.Receipts.ContainsKey(id)))
        {
            yield return new(Promise.NotLost, $"{id} was accepted and never took effect");
        }
        // A group that steps is judged by the receipts: what its step consumed need not be acknowledged.
        var stepping = ledger.Of(EventKind.Stepped).Select(line => line.Group).ToHashSet();
        foreach (
            var group in ledger
                .Of(EventKind.Acked)
                .Where(line => !stepping.Contains(line.Group))
                .GroupBy(line => line.Group, line => line.Id)
        )
        {
            foreach (var id in ledger.Accepted.Keys.Except(group))
            {
                yield return new(Promise.NotLost, $"{id} was accepted and never acknowledged by group {group.Key}");
            }
        }
    }

    private static IEnumerable<Violation> Duplicated(Ledger ledger)
    {
        foreach (var (id, positions) in ledger.Accepted.Where(message => message.Value.Count > 1))
        {
            yield return new(Promise.OnlyOnce, $"{id} lies at {string.Join(" and ", positions)}");
        }

        foreach (var (id, positions) in ledger.Receipts.Where(message => message.Value.Count > 1))
        {
            yield return new(Promise.OnlyOnce, $"{id} has receipts at {string.Join(" and ", positions)}");
        }

        foreach (
            var steps in ledger
                .Of(EventKind.Stepped)
                .Where(line => line.Outcome == "OK")
                .GroupBy(line => line.Id)
                .Where(steps => steps.Count() > 1)
        )
        {
            yield return new(Promise.OnlyOnce, $"{steps.Key} was stepped with success {steps.Count()} times");
        }
    }

    private static IEnumerable<Violation> Unexpected(Ledger ledger) =>
        from id in ledger.Of(EventKind.Delivered, EventKind.Receipt).Select(line => line.Id!).Distinct()
        where !ledger.Published.ContainsKey(id)
        select new Violation(Promise.NotUnexpected, $"{id} was never published");

    // Each message leaves three traces, written by one step. Receipts say which messages took effect; the others must agree.
    private static IEnumerable<Violation> Torn(Ledger ledger)
    {
        var effective = ledger.Published.Values.Where(message => ledger.Receipts.ContainsKey(message.Id!)).ToArray();
        foreach (var (key, number) in ledger.FinalNumbers)
        {
            var receipts = effective.Count(message => message.Key == key);
            if (receipts != number)
            {
                yield return new(Promise.AllOrNothing, $"key {key} has {number} messages in effect and {receipts} receipts");
            }
        }
        foreach (var (account, amount) in ledger.FinalAmounts)
        {
            var expected =
                ledger.Opened.GetValueOrDefault(account) + effective.Sum(message => message.Changes?.GetValueOrDefault(account) ?? 0);
            if (expected != amount)
            {
                yield return new(Promise.AllOrNothing, $"account {account} has {amount}, by its receipts {expected}");
            }
        }
        foreach (
            var step in ledger
                .Of(EventKind.Stepped)
                .Where(line => line.Outcome is "OK" or "DUPLICATE" && !ledger.Receipts.ContainsKey(line.Id!))
        )
        {
            yield return new(Promise.AllOrNothing, $"the step of {step.Id} was answered {step.Outcome} and left no receipt");
        }
    }

    private static IEnumerable<Violation> Unbalanced(Ledger ledger)
    {
        var (opened, final) = (ledger.Opened.Values.Sum(), ledger.FinalAmounts.Values.Sum());
        if (opened != final)
        {
            yield return new(Promise.Conserved, $"{opened} in all accounts at the beginning, {final} at the end");
        }
    }

    private static IEnumerable<Violation> EffectsOutOfOrder(Ledger ledger) =>
        from step in ledger.Of(EventKind.Stepped)
        where step is { Outcome: "OK", Previous: not null } && step.Previous != step.Number - 1
        select new Violation(
            Promise.EffectsInOrder,
            $"{step.Id}, number {step.Number} of key {step.Key}, took effect after number {step.Previous}"
        );

    private static IEnumerable<Violation> DeliveriesOutOfOrder(Ledger ledger)
    {
        foreach (var key in ledger.Of(EventKind.Delivered).Where(line => line.Key is not null).GroupBy(line => (line.Group, line.Key)))
        {
            // One with which its owners died again and again may be given up before any of them handed it out.
            var given = key.Select(line => line.Id).ToHashSet();
            var givenUp = ledger
                .Of(EventKind.Acked)
                .Where(line => line.Outcome == "killed its handler" && (line.Group, line.Key) == key.Key && !given.Contains(line.Id))
                .Select(line => line.Number)
                .ToHashSet();
            var next = 1L;
            foreach (var first in key.DistinctBy(line => line.Id))
            {
                while (first.Number > next && givenUp.Contains(next))
                {
                    next++;
                }

                if (first.Number != next++)
                {
                    yield return new(
                        Promise.DeliveriesInOrder,
                        $"{first.Id}, number {first.Number} of key {first.Key}, was first delivered as the {next - 1}th"
                    );
                }
            }
        }
    }

    private static IEnumerable<Violation> Overlapping(Ledger ledger)
    {
        HashSet<(string?, string?, string?)> working = [];
        foreach (var line in ledger.Of(EventKind.Delivered, EventKind.Acked, EventKind.Nacked))
        {
            if (line.Kind != EventKind.Delivered)
            {
                working.Remove((line.Process, line.Group, line.Id));
            }
            else if (!working.Add((line.Process, line.Group, line.Id)))
            {
                yield return new(Promise.OneAtATime, $"{line.Process} was handed {line.Id} while it worked on it");
            }
        }
    }

    /// <summary>The history by what the checks ask for.</summary>
    private sealed class Ledger(IReadOnlyList<HistoryEvent> history)
    {
        /// <summary>The first attempt to publish each message.</summary>
        public Dictionary<string, HistoryEvent> Published { get; } =
            history.Where(line => line.Kind == EventKind.Published).DistinctBy(line => line.Id).ToDictionary(line => line.Id!);

        public Dictionary<string, HashSet<string>> Accepted { get; } =
            Positions(history.Where(line => line is { Kind: EventKind.Published, Outcome: "OK" }));

        public Dictionary<string, HashSet<string>> Receipts { get; } = Positions(history.Where(line => line.Kind == EventKind.Receipt));

        public Dictionary<string, long> Opened { get; } =
            history.Where(line => line.Kind == EventKind.Opened).ToDictionary(line => line.Account!, line => line.Amount ?? 0);

        public Dictionary<string, long> FinalAmounts { get; } =
            history
                .Where(line => line is { Kind: EventKind.Final, Account: not null })
                .ToDictionary(line => line.Account!, line => line.Amount ?? 0);

        public Dictionary<string, long> FinalNumbers { get; } =
            history
                .Where(line => line is { Kind: EventKind.Final, Key: not null })
                .ToDictionary(line => line.Key!, line => line.Number ?? 0);

        public IEnumerable<HistoryEvent> Of(params EventKind[] kinds) => history.Where(line => kinds.Contains(line.Kind));

        private static Dictionary<string, HashSet<string>> Positions(IEnumerable<HistoryEvent> lines) =>
            lines
                .GroupBy(line => line.Id!)
                .ToDictionary(group => group.Key, group => group.Select(line => line.Position ?? "").ToHashSet());
    }
}
