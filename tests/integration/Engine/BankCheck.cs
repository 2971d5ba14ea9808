using Darq.Engine.Core;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.Engine;

/// <summary>What a bank must be like after its Redis lost something.</summary>
internal static class BankCheck
{
    /// <summary>What a server says that died while it replaced a torn file. It has mended that one when it says so.</summary>
    private const string TornBefore = "the truncated file is not the last file";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Kills the server and starts it on what is there.</summary>
    public static async Task RestartAsync(RedisServer redis)
    {
        try
        {
            await redis.RestartAsync();
        }
        catch (InvalidOperationException fault) when (fault.Message.Contains(TornBefore, StringComparison.Ordinal))
        {
            await redis.RestartAsync();
        }
    }

    public static Task GoesOnAsync(EngineRun run) => Eventually.TrueAsync(() => WorksAsync(run), Patience, "the engine goes on");

    /// <summary>All that was asked takes effect, and no lane is left with anything to do.</summary>
    public static async Task<BankView> FinishAsync(RedisServer redis, EngineRun run, Bank bank)
    {
        await bank.RepeatAsync(run, Patience);
        var view = await BankView.ReadAsync(run, bank);
        await Eventually.TrueAsync(
            async () =>
            {
                view = await BankView.ReadAsync(run, bank);
                return view.IsComplete() || view.Wrong().Any();
            },
            Patience,
            "all transfers take effect"
        );
        view.Verify("while it was done again");
        await Eventually.ValueAsync(() => Books.PendingAsync(redis), left => left.Length == 0, Patience, "no lane has anything to do");
        return await BankView.ReadAsync(run, bank);
    }

    /// <summary>
    /// Each writer waited for its answers, so that what is left of its requests has no gap; and what was answered is left as far as its
    /// partition survived. To be asked when all was repeated.
    /// </summary>
    public static IEnumerable<string> NoPrefix(Bank before, Bank after, BankView found, Position[] survived)
    {
        var places = before.All.ToDictionary(request => request.Id, request => request.Place);
        foreach (var requests in after.Requests)
        {
            string? gone = null;
            foreach (var request in requests)
            {
                var isThere = request.Kind == Bank.Kind.Entry ? found.Has(request) : request.WasThere;
                if (isThere && gone is not null)
                {
                    yield return $"{request.Id} was there, and {gone} before it was not";
                }

                if (places[request.Id] is { } place && isThere != place.Applied <= survived[place.Partition])
                {
                    yield return $"{request.Id} was {(isThere ? "there" : "gone")}, against its position";
                }

                gone ??= isThere ? null : request.Id;
            }
        }
    }

    private static async Task<bool> WorksAsync(EngineRun run)
    {
        try
        {
            await run.SaveAsync("probe", "1");
            return true;
        }
        catch (DarqException fault) when (fault.Code == ErrorCode.Unavailable)
        {
            return false;
        }
    }
}
