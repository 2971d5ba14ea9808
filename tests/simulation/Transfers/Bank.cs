using System.Text.Json;
using Darq.Tests.Shared.History;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>One message of the scenario: it moves an amount between two accounts. The key orders it among others.</summary>
internal sealed record Transfer(string Id, string Key, long Number, string From, string To, long Amount)
{
    public static Transfer Parse(ReadOnlyMemory<byte> data) => JsonSerializer.Deserialize<Transfer>(data.Span, JsonSerializerOptions.Web)!;

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web);

    public HistoryEvent Event(EventKind kind, string process) =>
        new(kind)
        {
            Id = Id,
            Key = Key,
            Number = Number,
            Process = process,
        };
}

/// <summary>
/// What the simulated world knows outside of Redis and of any process: which transfers there are, how far each publisher
/// came (its own database, so to say), and the history.
/// </summary>
internal sealed class Bank
{
    public const long Opening = 1000;
    public const string Movers = "bank";
    public const string Watchers = "watch";

    /// <summary>Failures after which the watchers give a message up, and where it goes.</summary>
    public const int MaxDeliveries = 4;
    public const string DeadLetters = "transfers.watch.dead";

    /// <summary>A state key that somebody else has damaged.</summary>
    public const string DamagedKey = "damaged";

    private readonly Dictionary<string, int> _published = [];
    private readonly HashSet<string> _confirmed = [];
    private readonly HashSet<string> _watched = [];
    private readonly Dictionary<string, string> _dead = [];

    // Steps that Redis lost though their answer was on its way, and how many of each.
    private readonly Dictionary<string, int> _undone = [];
    private readonly Func<HistoryEvent, HistoryEvent> _stamp;

    public Bank(Random random, int keys, int perKey, int accounts, Func<HistoryEvent, HistoryEvent> stamp)
    {
        _stamp = stamp;
        Accounts = [.. Enumerable.Range(0, accounts).Select(i => $"account-{i}")];
        Transfers = Enumerable
            .Range(0, keys)
            .Select(k => $"key-{k}")
            .ToDictionary(
                key => key,
                key =>
                    Enumerable
                        .Range(1, perKey)
                        .Select(number =>
                        {
                            var pair = random.GetItems(Accounts, 1).Concat(random.GetItems(Accounts, 1)).ToArray();
                            var to = pair[0] == pair[1] ? Accounts[(Array.IndexOf(Accounts, pair[0]) + 1) % accounts] : pair[1];
                            return new Transfer($"{key}-{number}", key, number, pair[0], to, random.Next(1, 100));
                        })
                        .ToArray()
            );
    }

    public string[] Accounts { get; }

    public IReadOnlyDictionary<string, Transfer[]> Transfers { get; }

    public List<HistoryEvent> History { get; } = [];

    public Notes Notes { get; } = new();

    /// <summary>
    /// Whether every transfer was accepted, a receipt of it was seen, the watching group acknowledged it, and its note was read.
    /// </summary>
    public bool Finished =>
        Transfers.Values.Sum(list => list.Length) is var all
        && _confirmed.Count == all
        && _watched.Count == all
        && Transfers.Keys.All(key => Next(key) is null)
        && Notes.AllRead;

    /// <summary>Where the state of a key's progress lies.</summary>
    public static string NumberKey(string key) => "number-" + key;

    public Transfer? Next(string key) =>
        _published.GetValueOrDefault(key) is var count && count < Transfers[key].Length ? Transfers[key][count] : null;

    /// <summary>Whether the watchers fail at it however often it comes.</summary>
    public bool IsPoison(Transfer transfer) => transfer == Transfers.Values.First()[2];

    /// <summary>The watchers gave a message up, which is as good as an answer. False where it was given up before.</summary>
    public bool DeadLetter(Transfer transfer, string id, string reason)
    {
        Record(transfer.Event(EventKind.Acked, "undertaker") with { Group = Watchers, Outcome = reason });
        return _dead.TryAdd(transfer.Id, id) || _dead[transfer.Id] == id;
    }

    public void Accepted(Transfer transfer) => _published[transfer.Key] = (int)transfer.Number;

    /// <summary>Redis has lost the step of a transfer, and with it what was seen of it.</summary>
    public void Undo(string id)
    {
        _confirmed.Remove(id);
        History.RemoveAll(line => line.Kind == EventKind.Receipt && line.Id == id);
        if (History.FindIndex(line => IsSuccess(line) && line.Id == id) is >= 0 and var step)
        {
            History.RemoveAt(step);
        }
        else
        {
            _undone[id] = _undone.GetValueOrDefault(id) + 1;
        }
    }

    /// <summary>Redis has lost a message: who works on it works on nothing, and it may be handed over anew.</summary>
    public void EndDeliveries(string id)
    {
        Dictionary<(string?, string?), HistoryEvent> open = [];
        foreach (var line in History.Where(line => line.Id == id))
        {
            switch (line.Kind)
            {
                case EventKind.Delivered:
                    open[(line.Process, line.Group)] = line;
                    break;
                case EventKind.Acked or EventKind.Nacked:
                    open.Remove((line.Process, line.Group));
                    break;
            }
        }

        foreach (var line in open.Values)
        {
            Record(line with { Kind = EventKind.Nacked });
        }
    }

    public void Record(HistoryEvent line)
    {
        if (IsSuccess(line) && _undone.GetValueOrDefault(line.Id!) > 0)
        {
            _undone[line.Id!]--;
            return;
        }

        History.Add(_stamp(line));
        if (line.Kind == EventKind.Receipt)
        {
            _confirmed.Add(line.Id!);
        }

        if (line is { Kind: EventKind.Acked, Group: Watchers })
        {
            _watched.Add(line.Id!);
        }
    }

    public void Fault(string text) => Record(new(EventKind.Fault) { Text = text });

    private static bool IsSuccess(HistoryEvent line) => line is { Kind: EventKind.Stepped, Outcome: "OK" };
}
