using Darq.Component.Cli.Data;
using Darq.Engine.Connection;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Repairs;

/// <summary>Moves a key out of the way, whole and in its slot, so that somebody can look at it.</summary>
internal static class SetAsideRepair
{
    /// <param name="key">The key.</param>
    /// <param name="type">The type that it has.</param>
    /// <param name="number">One that no key was moved under before.</param>
    public static Repair Of(string key, string type, long number)
    {
        var aside = KeyName.AsideOf(key, number);
        return new(
            $"move it to {aside}; nothing is deleted",
            key,
            new(
                [key, aside],
                [Condition.Type(key, type), Condition.Type(aside, "none")],
                [
                    ["RENAME", key, aside],
                ]
            )
        );
    }

    /// <summary>
    /// A header leaves another one behind, which takes no writes before the numbers of its topics were made anew from the streams: they
    /// would begin at 1 again.
    /// </summary>
    /// <param name="header">The header of another type.</param>
    /// <param name="type">That type.</param>
    /// <param name="number">One that no key was moved under before; also the first LSN, which is above any that was counted up.</param>
    /// <param name="identity">The namespace's.</param>
    /// <param name="worldLine">The highest of all partitions.</param>
    public static Repair OfHeader(HeaderFacts header, string type, long number, string identity, long worldLine)
    {
        var moved = Of(header.Key, type, number);
        string[] fields = ["wl", StoredNumbers.Text(worldLine), "lsn", StoredNumbers.Text(number), "id", identity, "f", Handshake.Format];
        string[] made = ["HSET", header.Key, .. fields, "broken", "its header was moved aside, and its topics are not counted yet"];
        return moved with
        {
            What = moved.What + "; a new header takes no writes before the topics were counted",
            Change = moved.Change with { Commands = [.. moved.Change.Commands, made] },
            ConcernsOwners = true,
        };
    }
}
