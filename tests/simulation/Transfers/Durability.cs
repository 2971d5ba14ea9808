using System.Text.Json;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// What a crash of Redis may take. An app that was told that its message is accepted does not publish it again, so everything up to there
/// counts as flushed to disk; steps, acknowledgements and claims after it may vanish. The bank then forgets what it was told of them.
/// </summary>
internal sealed class Durability(Simulation world)
{
    private readonly List<Appended> _appended = [];

    // The world-line at the time of each loss.
    private readonly List<long> _losses = [];
    private int _flushed;

    /// <summary>How often Redis has lost something.</summary>
    public int Losses => _losses.Count;

    /// <summary>How many of the losses a process knows of that works in a world-line.</summary>
    public int LossesKnownIn(long worldLine) => _losses.Count(loss => loss < worldLine);

    public void Watch()
    {
        _flushed = world.Server.JournaledCalls;
        world.Server.Changed += change =>
            _appended.AddRange(
                change.Commands.Where(words => words[0] == "XADD").Select(words => Read(world.Server.JournaledCalls - 1, words))
            );
    }

    /// <summary>A publisher was told that its message is accepted.</summary>
    public void Flush(string topic, string id) =>
        _flushed = Math.Max(_flushed, _appended.FindLast(one => one.Topic == topic && one.Id == id)?.Call + 1 ?? 0);

    /// <summary>
    /// Stops Redis so that it loses the step of a transfer and what came after it, and perhaps some calls before; returns how many calls
    /// it loses, 0 where the step is flushed and Redis runs on.
    /// </summary>
    public int Crash(string transfer, int callsBefore)
    {
        if (_appended.FindLast(one => one.Topic == "receipts" && one.Id == transfer) is not { } step || step.Call < _flushed)
        {
            return 0;
        }

        var kept = Math.Max(_flushed, step.Call - callsBefore);
        _losses.Add(world.Data.WorldLine);
        foreach (var lost in _appended.Where(one => one.Call >= kept))
        {
            switch (lost.Topic)
            {
                case "receipts":
                    world.Bank.Undo(lost.Id);
                    break;
                case "transfers":
                    world.Bank.EndDeliveries(lost.Id);
                    break;
            }
        }

        _appended.RemoveAll(one => one.Call >= kept);
        world.AtWork.EndAll();
        world.Server.Stop();
        return world.Server.JournaledCalls - kept;
    }

    private static Appended Read(int call, string[] words)
    {
        var topic = words[1].Split(":t:")[^1];
        var fields = words.Skip(3).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
        return new(call, topic, topic == "receipts" ? TransferOf(fields["d"]) : fields["i"]);
    }

    private static string TransferOf(string receipt)
    {
        using var data = JsonDocument.Parse(receipt);
        return data.RootElement.GetProperty("data").GetProperty("transfer").GetString()!;
    }

    /// <param name="Call">Place in the journal.</param>
    /// <param name="Topic">Of the message.</param>
    /// <param name="Id">Of the message; of a receipt, the transfer that it confirms.</param>
    private sealed record Appended(int Call, string Topic, string Id);
}
