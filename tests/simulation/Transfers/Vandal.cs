using Darq.Engine.Redis;
using Darq.Testing.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>Another program on the same Redis that writes over a key of ours, and the operator who mends it; one key at a time.</summary>
internal sealed class Vandal(Simulation world)
{
    // What keys of a partition begin with behind its tag: not the values of the app, which are its own business, nor the bodies of the
    // retry queue (qb), of which the engine gives up what it cannot read until the lane is claimed anew.
    private static readonly string[] Kinds = ["m", "t", "q", "o", "c", "i"];

    private bool _isAtWork;

    private FakeServer Server => world.Server;

    /// <summary>Damages a key of a partition, a field of its header, or the members; false where there is nothing to mend then.</summary>
    public bool Damage(int partition)
    {
        if (_isAtWork || !Server.Primary.Up)
        {
            return false;
        }

        if (world.Random.Next(8) == 0)
        {
            Say("the members get one in another form");
            var members = new Keys(world.Namespace.Name, world.Namespace.Partitions).Members;
            Server.Execute(["HSET", members, "planted", "planted"]);
            return false;
        }

        var tag = world.Data.Tag(partition);
        var kind = Kinds[world.Random.Next(Kinds.Length)];
        string[] keys = [.. Server.KeyNames.Where(name => IsOfKind(name, tag, kind))];
        if (keys.Length == 0)
        {
            return false;
        }

        _isAtWork = true;
        Damage(keys[world.Random.Next(keys.Length)]);
        return true;
    }

    public void Mend()
    {
        world.Bank.Fault("the damage is mended");
        Server.Damage.Mend();
        _isAtWork = false;
    }

    private void Damage(string key)
    {
        string[] fields = [.. world.Data.Fields(key).Where(IsNumbers)];
        if (key.EndsWith(":m", StringComparison.Ordinal) && world.Random.Next(4) > 0)
        {
            var field = fields[world.Random.Next(fields.Length)];
            Say($"field {field} of {key} is overwritten");
            Server.Overwrite(key, field);
            return;
        }

        Say($"{key} is overwritten");
        Server.Damage.Overwrite(key);
    }

    private void Say(string what) => world.Happened(Hazards.DamagedKeys, what);

    /// <summary>Fields that hold packed numbers; the names of the others are short and have no colon.</summary>
    private static bool IsNumbers(string field) => field is "lsn" or "r" || field.Contains(':', StringComparison.Ordinal);

    private static bool IsOfKind(string key, string tag, string kind) =>
        key.StartsWith(tag, StringComparison.Ordinal) && key[(tag.Length + 1)..].Split(':')[0] == kind;
}
