using System.Collections.Concurrent;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.Engine;

/// <summary>
/// A workload whose every effect can be told: transfers, notes and entries by writers that wait for each answer before they go on, and
/// steps (<see cref="BankApp"/>). It knows what was asked, in the order of each writer, and what was heard; it outlives engines and
/// servers.
/// </summary>
internal sealed class Bank(int accounts, int seed)
{
    public const long Opening = 1000;

    private readonly ConcurrentDictionary<int, List<Request>> _requests = new();
    private int _answers;

    public int Accounts => accounts;

    /// <summary>Steps that were answered as done, with their positions: the last answer of each.</summary>
    public ConcurrentDictionary<string, (int Partition, Position Applied)> Steps { get; } = new();

    /// <summary>How many requests were answered, each repetition counted.</summary>
    public int Answers => Volatile.Read(ref _answers);

    /// <summary>What was wrong on the way.</summary>
    public ConcurrentQueue<string> Wrong { get; } = new();

    /// <summary>What each writer asked for, in its order; only when none is at work.</summary>
    public IEnumerable<List<Request>> Requests => _requests.Values;

    public IEnumerable<Request> All => _requests.Values.SelectMany(requests => requests);

    public IReadOnlyDictionary<string, Transfer> Transfers =>
        All.Where(request => request.Kind == Kind.Transfer).ToDictionary(request => request.Id, request => Transfer.Parse(request.Text));

    public static StateKey AccountKey(int account) => new($"account-{account}");

    public static StateKey ReceiptKey(string transfer) => new($"receipt-{transfer}");

    /// <summary>One that goes on from here by itself; only when nobody is at work.</summary>
    public Bank Copy()
    {
        var copy = new Bank(accounts, seed);
        foreach (var (writer, requests) in _requests)
        {
            copy._requests[writer] = [.. requests.Select(request => request.Copy())];
        }

        foreach (var (transfer, place) in Steps)
        {
            copy.Steps[transfer] = place;
        }

        return copy;
    }

    public Task OpenAsync(EngineRun run) =>
        Task.WhenAll(Enumerable.Range(0, accounts).Select(i => run.SaveAsync(AccountKey(i).Key, new Account(Opening, []).Text)));

    /// <summary>Makes one request after the other until cancelled, each until it is answered.</summary>
    public async Task WriteAsync(EngineRun run, int writer, CancellationToken stop)
    {
        var requests = _requests.GetOrAdd(writer, _ => []);
        while (!stop.IsCancellationRequested)
        {
            var request = Next(writer, requests.Count);
            requests.Add(request);
            while (!stop.IsCancellationRequested && !await AskAsync(run, request))
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    /// <summary>Makes all requests once more, in the order of each writer, until they are answered.</summary>
    public Task RepeatAsync(EngineRun run, TimeSpan within) =>
        Task.WhenAll(
            _requests.Values.Select(async requests =>
            {
                foreach (var request in requests)
                {
                    await Eventually.TrueAsync(() => AskAsync(run, request), within, $"{request.Id} is answered");
                }
            })
        );

    /// <summary>Whether a request of another copy was answered here.</summary>
    public bool IsAnswered(Request request) => All.FirstOrDefault(other => other.Id == request.Id)?.IsAnswered == true;

    private async Task<bool> AskAsync(EngineRun run, Request request)
    {
        try
        {
            if (request.Kind == Kind.Entry)
            {
                await run.SaveAsync(request.Id, request.Text);
                request.Heard();
            }
            else
            {
                var topic = request.Kind == Kind.Transfer ? BankApp.TransferTopic : BankApp.NoteTopic;
                var published = await run.PublishAsync(topic, request.Text, ("darq.id", request.Id));
                request.Heard(published.Partition, published.Applied, published.Duplicate);
            }

            Interlocked.Increment(ref _answers);
            return true;
        }
        catch (DarqException fault) when (fault.Code == ErrorCode.Unavailable)
        {
            return false;
        }
    }

    private Request Next(int writer, int number)
    {
        // Not HashCode.Combine, which differs in every process: the seed alone decides what is asked.
        var random = new Random(unchecked((seed * 73_856_093) ^ (writer * 19_349_663) ^ (number * 83_492_791)));
        var id = $"{writer}-{number}";
        var from = random.Next(accounts);
        return random.Next(4) switch
        {
            0 => new(Kind.Note, $"n{id}", $"n{id}"),
            1 => new(Kind.Entry, $"e{id}", $"e{id}"),
            _ => new(
                Kind.Transfer,
                $"t{id}",
                new Transfer($"t{id}", from, (from + 1 + random.Next(accounts - 1)) % accounts, random.Next(1, 9)).Text
            ),
        };
    }

    internal enum Kind
    {
        Transfer,
        Note,
        Entry,
    }

    /// <summary>One request of a writer, and its last answer. Of the writer alone.</summary>
    internal sealed class Request(Kind kind, string id, string text)
    {
        public Kind Kind => kind;

        public string Id => id;

        public string Text => text;

        public bool IsAnswered { get; private set; }

        /// <summary>Where it was the last time that it was no duplicate; null for an entry.</summary>
        public (int Partition, Position Applied)? Place { get; private set; }

        /// <summary>Whether the last answer said that it was there already.</summary>
        public bool WasThere { get; private set; }

        public void Heard() => IsAnswered = true;

        public void Heard(int partition, Position applied, bool isDuplicate) =>
            (IsAnswered, Place, WasThere) = (true, (partition, applied), isDuplicate);

        public Request Copy() =>
            new(kind, id, text)
            {
                IsAnswered = IsAnswered,
                Place = Place,
                WasThere = WasThere,
            };
    }
}
