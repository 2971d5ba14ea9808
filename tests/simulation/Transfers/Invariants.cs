namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// What must hold in the data after every single call: no amount appears or vanishes, of each step either all effects are
/// there or none, and no partition has given up. Reads beside the component, so that a fault is seen where it happens and
/// not only at the end.
/// </summary>
internal sealed class Invariants(Simulation world)
{
    public void Watch() =>
        world.Server.Changed += _ =>
        {
            if (Broken() is { } what)
            {
                world.Complain(what);
            }
        };

    private string? Broken()
    {
        var total = world.Bank.Accounts.Sum(world.Data.State);
        if (total != Bank.Opening * world.Bank.Accounts.Length)
        {
            return $"the accounts hold {total} together";
        }

        var steps = world.Bank.Transfers.Keys.Sum(key => world.Data.State(Bank.NumberKey(key)));
        var receipts = world.Data.SumOfTopic("receipts");
        var consumed = world.Data.SumOfLanes(Bank.Movers, "transfers", lane => lane.Consumed);
        if (steps != receipts || steps != consumed)
        {
            return $"{steps} transfers are in effect, {receipts} receipts were emitted, {consumed} messages were consumed";
        }

        var dead = world.Data.SumOfLanes(Bank.Watchers, "transfers", lane => lane.Dead);
        var written = world.Data.SumOfTopic(Bank.DeadLetters);
        if (dead != written)
        {
            return $"{dead} messages died, {written} dead letters were written";
        }

        return
            Enumerable
                .Range(0, world.Namespace.Partitions)
                .Select(p => world.Data.Header(p, "broken"))
                .FirstOrDefault(why => why is not null)
                is { } broken
            ? $"a partition is broken: {broken}"
            : null;
    }
}
