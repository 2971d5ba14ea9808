using Darq.Tests.Shared.History;
using Xunit;

namespace Darq.Tests.Simulation.Tests;

/// <summary>A checker that never complains proves nothing: each promise is broken once.</summary>
public sealed class HistoryCheckerTests
{
    private readonly List<HistoryEvent> _history = [.. Good()];

    [Fact]
    public void Good_history_holds()
    {
        var verdict = HistoryChecker.Check(_history);
        Assert.True(verdict.Holds, verdict.ToString());
        Assert.Equal((3, 4, 1, 1), (verdict.Accepted, verdict.Effective, verdict.Recovered, verdict.Redelivered));
    }

    [Fact]
    public void Accepted_message_without_effect_is_lost()
    {
        _history.Add(
            new(EventKind.Published)
            {
                Id = "m9",
                Key = "c",
                Number = 1,
                Outcome = "OK",
                Position = "1-9",
            }
        );
        ExpectOnly(Promise.NotLost);
    }

    [Fact]
    public void Accepted_message_that_one_of_the_groups_never_acknowledged_is_lost()
    {
        _history.Add(new(EventKind.Acked) { Id = "m1", Group = "watch" });
        Assert.Equal(2, HistoryChecker.Check(_history).Count(Promise.NotLost));
        ExpectOnly(Promise.NotLost);
    }

    [Fact]
    public void Unacknowledged_message_without_effect_is_not_lost()
    {
        _history.Add(
            new(EventKind.Published)
            {
                Id = "m9",
                Key = "c",
                Number = 1,
                Outcome = "UNKNOWN",
            }
        );
        Assert.True(HistoryChecker.Check(_history).Holds);
    }

    [Fact]
    public void Message_that_lies_in_its_topic_twice_is_duplicated()
    {
        _history.Add(_history.First(line => line is { Kind: EventKind.Published, Id: "m2", Outcome: "OK" }) with { Position = "1-99" });
        ExpectOnly(Promise.OnlyOnce);
    }

    [Fact]
    public void Second_receipt_is_a_duplicate_and_a_receipt_seen_again_is_not()
    {
        var receipt = _history.First(line => line.Kind == EventKind.Receipt);
        _history.Add(receipt);
        Assert.True(HistoryChecker.Check(_history).Holds);
        _history.Add(receipt with { Position = "1-99" });
        ExpectOnly(Promise.OnlyOnce);
    }

    [Fact]
    public void Second_step_with_success_is_a_duplicate()
    {
        _history.Add(_history.First(line => line is { Kind: EventKind.Stepped, Outcome: "OK" }));
        ExpectOnly(Promise.OnlyOnce);
    }

    [Fact]
    public void Message_that_nobody_published_is_unexpected()
    {
        _history.Add(new(EventKind.Delivered) { Id = "stranger", Process = "p9" });
        ExpectOnly(Promise.NotUnexpected);
    }

    [Fact]
    public void Money_moved_without_a_receipt_is_torn()
    {
        Change(line => line is { Kind: EventKind.Final, Account: "x" }, line => line with { Amount = line.Amount + 5 });
        Change(line => line is { Kind: EventKind.Final, Account: "y" }, line => line with { Amount = line.Amount - 5 });
        ExpectOnly(Promise.AllOrNothing);
    }

    [Fact]
    public void Step_without_a_receipt_is_torn()
    {
        _history.Add(
            new(EventKind.Published)
            {
                Id = "m9",
                Key = "c",
                Number = 1,
                Outcome = "UNKNOWN",
            }
        );
        _history.Add(
            new(EventKind.Stepped)
            {
                Id = "m9",
                Key = "c",
                Number = 1,
                Outcome = "DUPLICATE",
            }
        );
        ExpectOnly(Promise.AllOrNothing);
    }

    [Fact]
    public void Receipt_without_its_number_in_effect_is_torn()
    {
        Change(line => line is { Kind: EventKind.Final, Key: "a" }, line => line with { Number = 1 });
        ExpectOnly(Promise.AllOrNothing);
    }

    [Fact]
    public void Money_that_appears_is_not_conserved()
    {
        Change(line => line is { Kind: EventKind.Final, Account: "x" }, line => line with { Amount = 1000 });
        Expect(Promise.Conserved);
    }

    [Fact]
    public void Effect_that_overtakes_its_predecessor_is_out_of_order()
    {
        Change(line => line is { Kind: EventKind.Stepped, Id: "m2" }, line => line with { Previous = 0 });
        ExpectOnly(Promise.EffectsInOrder);
    }

    [Fact]
    public void Delivery_that_overtakes_its_predecessor_is_out_of_order()
    {
        _history.Insert(
            0,
            new(EventKind.Delivered)
            {
                Id = "m2",
                Key = "a",
                Number = 2,
                Process = "p7",
            }
        );
        ExpectOnly(Promise.DeliveriesInOrder);
    }

    [Fact]
    public void Message_handed_to_a_process_that_works_on_it_overlaps()
    {
        _history.Insert(
            _history.FindIndex(line => line is { Kind: EventKind.Delivered, Id: "m1" }) + 1,
            new(EventKind.Delivered)
            {
                Id = "m1",
                Key = "a",
                Number = 1,
                Process = "p1",
            }
        );
        ExpectOnly(Promise.OneAtATime);
    }

    [Fact]
    public void History_survives_its_file_and_a_line_cut_off()
    {
        using var folder = new Shared.TempFolder();
        var path = Path.Combine(folder.FullPath, "history.jsonl");
        using (var log = HistoryLog.Append(path))
        {
            _history.ForEach(log.Write);
        }

        File.AppendAllText(path, """{"kind":"publi""");

        var read = HistoryLog.Read(path);

        Assert.Equal(_history.Select(HistoryLog.Line), read.Select(HistoryLog.Line));
        Assert.True(HistoryChecker.Check(read).Holds);
    }

    private void Change(Func<HistoryEvent, bool> which, Func<HistoryEvent, HistoryEvent> how)
    {
        var at = _history.FindIndex(line => which(line));
        _history[at] = how(_history[at]);
    }

    private void Expect(Promise promise) =>
        Assert.Contains(HistoryChecker.Check(_history).Violations, violation => violation.Promise == promise);

    private void ExpectOnly(Promise promise)
    {
        var verdict = HistoryChecker.Check(_history);
        Assert.False(verdict.Holds, "the checker did not complain");
        Assert.All(verdict.Violations, violation => Assert.True(violation.Promise == promise, verdict.ToString()));
    }

    // Two accounts; two messages of key a, one of them delivered twice; one of key b; one of which the publisher heard nothing.
    private static IEnumerable<HistoryEvent> Good()
    {
        yield return new(EventKind.Opened) { Account = "x", Amount = 100 };
        yield return new(EventKind.Opened) { Account = "y", Amount = 100 };
        (string Id, string Key, long Number, string Outcome)[] messages =
        [
            ("m1", "a", 1, "OK"),
            ("m2", "a", 2, "OK"),
            ("m3", "b", 1, "OK"),
            ("m4", "b", 2, "UNKNOWN"),
        ];
        foreach (var (id, key, number, outcome) in messages)
        {
            var message = new HistoryEvent(EventKind.Published)
            {
                Id = id,
                Key = key,
                Number = number,
            };
            yield return message with
            {
                Outcome = "UNKNOWN",
                Changes = new Dictionary<string, long> { ["x"] = -10, ["y"] = 10 },
            };
            if (outcome == "OK")
            {
                yield return message with
                {
                    Outcome = "OK",
                    Position = "1-" + id,
                };
            }
        }
        foreach (var (id, key, number, _) in messages)
        {
            var line = new HistoryEvent(EventKind.Delivered)
            {
                Id = id,
                Key = key,
                Number = number,
                Process = "p1",
                Attempt = 1,
            };
            yield return line;
            if (id == "m1")
            {
                yield return line with { Kind = EventKind.Nacked };
                yield return line with { Attempt = 2 };
            }
            yield return line with
            {
                Kind = EventKind.Stepped,
                Outcome = "OK",
                Previous = number - 1,
            };
            yield return line with { Kind = EventKind.Acked };
            yield return new(EventKind.Receipt) { Id = id, Position = "2-" + id };
        }
        yield return new(EventKind.Fault) { Text = "redis was restarted" };
        yield return new(EventKind.Final) { Account = "x", Amount = 60 };
        yield return new(EventKind.Final) { Account = "y", Amount = 140 };
        yield return new(EventKind.Final) { Key = "a", Number = 2 };
        yield return new(EventKind.Final) { Key = "b", Number = 2 };
    }
}
