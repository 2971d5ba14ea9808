using System.Text;
using Darq.Engine.Core;
using Darq.Engine.State;

namespace Darq.Tests.Integration.Engine;

/// <summary>What Redis has of a bank at one moment, and whether that can be.</summary>
internal sealed class BankView
{
    private readonly Bank _bank;
    private readonly Account?[] _accounts;
    private readonly Dictionary<string, string> _receipts;
    private readonly HashSet<string> _entries;

    private BankView(Bank bank, Account?[] accounts, Dictionary<string, string> receipts, HashSet<string> entries)
    {
        (_bank, _accounts, _receipts, _entries) = (bank, accounts, receipts, entries);
        Effective = [.. accounts.SelectMany(account => account?.Transfers ?? [])];
    }

    /// <summary>Transfers that some account shows.</summary>
    public HashSet<string> Effective { get; }

    /// <summary>All of it, to be compared.</summary>
    public IEnumerable<string> Lines =>
        [
            .. _accounts.Select((account, i) => $"account {i}: {account?.Text ?? "none"}"),
            .. _receipts.Select(receipt => $"receipt {receipt.Key}: {receipt.Value}"),
            .. _entries,
        ];

    /// <summary>Reads all in one call, which is one snapshot.</summary>
    public static async Task<BankView> ReadAsync(EngineRun run, Bank bank)
    {
        var accounts = Enumerable.Range(0, bank.Accounts).Select(Bank.AccountKey).ToArray();
        var transfers = bank.Transfers.Keys.ToArray();
        var entries = bank.All.Where(request => request.Kind == Bank.Kind.Entry).Select(request => request.Id).ToArray();
        StateKey[] keys = [.. accounts, .. transfers.Select(Bank.ReceiptKey), .. entries.Select(entry => new StateKey(entry))];
        var found = (await run.State.GetAsync(keys, default))
            .Select(value => value.ETag is null ? null : Encoding.UTF8.GetString(value.Data.Span))
            .ToArray();
        var receipts = found.Skip(accounts.Length).Take(transfers.Length);
        return new(
            bank,
            [.. found.Take(accounts.Length).Select(text => text is null ? null : Account.Parse(text))],
            transfers.Zip(receipts).Where(pair => pair.Second is not null).ToDictionary(pair => pair.First, pair => pair.Second!),
            [.. entries.Where((_, i) => found[accounts.Length + transfers.Length + i] is not null)]
        );
    }

    public bool Has(Bank.Request entry) => _entries.Contains(entry.Id);

    /// <summary>Whether all that was asked has taken effect.</summary>
    public bool IsComplete() =>
        Effective.SetEquals(_bank.Transfers.Keys)
        && _receipts.Count == Effective.Count
        && _bank.All.Where(request => request.Kind == Bank.Kind.Entry).All(Has);

    /// <summary>Half steps, steps that took effect twice, and money that came or went.</summary>
    public IEnumerable<string> Wrong()
    {
        var transfers = _bank.Transfers;
        for (var i = 0; i < _accounts.Length; i++)
        {
            if (_accounts[i] is not { } account)
            {
                continue;
            }

            var expected = Bank.Opening;
            foreach (var id in account.Transfers)
            {
                var transfer = transfers[id];
                expected += transfer.To == i ? transfer.Amount : -transfer.Amount;
                var (from, to) = (_accounts[transfer.From], _accounts[transfer.To]);
                if (from?.Transfers.Count(other => other == id) != 1 || to?.Transfers.Count(other => other == id) != 1)
                {
                    yield return $"{transfer.Text} is not once in both accounts: {from?.Text} and {to?.Text}";
                }
            }

            if (account.Balance != expected)
            {
                yield return $"account {i} has {account.Balance}, by its transfers {expected}: {account.Text}";
            }
        }

        foreach (var (id, count) in _receipts)
        {
            if (count != "1" || !Effective.Contains(id))
            {
                yield return $"{id} has {count} receipts{(Effective.Contains(id) ? "" : ", and did not take effect")}";
            }
        }
    }

    /// <summary>Steps that were answered, and are there although Redis lost them, or not although it has them.</summary>
    public IEnumerable<string> Contradictions(Position[] survived)
    {
        foreach (var (id, (partition, applied)) in _bank.Steps)
        {
            if (Effective.Contains(id) != applied <= survived[partition])
            {
                yield return $"the step of {id} at {partition}:{applied} is {(Effective.Contains(id) ? "there" : "gone")}, and its "
                    + $"partition survived to {survived[partition]}";
            }
        }
    }

    /// <summary>Throws where anything is wrong, here or with what the caller adds.</summary>
    public void Verify(string when, IEnumerable<string>? also = null)
    {
        string[] wrong = [.. Wrong(), .. also ?? [], .. _bank.Wrong];
        if (wrong.Length > 0)
        {
            throw new InvalidOperationException($"{when}: {string.Join("\n", wrong)}");
        }
    }
}
