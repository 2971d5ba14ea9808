using System.Globalization;
using Darq.Partitions;
using Darq.Redis;
using Darq.Tests.Simulation.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// What must hold in the data after every single call: no amount appears or vanishes, and of each step either all effects
/// are there or none. Reads beside the component, so that a fault is seen where it happens and not only at the end.
/// </summary>
internal sealed class Invariants(Simulation world)
{
    public void Watch() => world.Server.Changed += () =>
    {
        if (Broken() is { } what)
            world.Loop.Fail(new InvalidOperationException(what));
    };

    private string? Broken()
    {
        var total = world.Bank.Accounts.Sum(State);
        if (total != Bank.Opening * world.Bank.Accounts.Length)
            return $"the accounts hold {total} together";
        var steps = world.Bank.Transfers.Keys.Sum(key => State(Bank.NumberKey(key)));
        var receipts = Enumerable.Range(0, world.Namespace.Partitions).Sum(p => Field($"{Tag(p)}:n:receipts", "s"));
        var consumed = Enumerable.Range(0, world.Namespace.Partitions).Sum(p => Field($"{Tag(p)}:l:{Bank.Movers}:transfers", "c"));
        return steps == receipts && steps == consumed
            ? null : $"{steps} transfers are in effect, {receipts} receipts were emitted, {consumed} messages were consumed";
    }

    private long State(string key) =>
        Field($"{Tag(PartitionHash.OfState(key, null, world.Namespace.Partitions))}:s:{key}", "v");

    private string Tag(int partition) => new Keys(world.Namespace.Name, world.Namespace.Partitions).Mark(partition)[..^2];

    private long Field(string key, string field) =>
        world.Server.Execute(["HGET", key, field])[0] is Reply.Bulk { Text: { } text } ? long.Parse(text, CultureInfo.InvariantCulture) : 0;
}
