using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>
/// Assigns lanes to candidates: a lane goes to the candidate whose name, hashed together with the lane's, is highest. Processes with
/// the same candidates compute the same assignment on their own, and a candidate that comes or goes moves only its own share.
/// </summary>
internal static class Rendezvous
{
    /// <summary>The preferred candidate of each partition's lane; there is at least one candidate.</summary>
    public static string[] Assign(IReadOnlyList<string> candidates, string name, int partitions)
    {
        var (assigned, highest) = (new string[partitions], new ulong[partitions]);
        foreach (var candidate in candidates)
        {
            var start = PartitionHash.Of($"{candidate} {name}");
            for (var partition = 0; partition < partitions; partition++)
            {
                var score = Mix(start ^ Mix((ulong)partition + 1));
                // Of two equal scores the smaller name wins, whatever the order of the candidates.
                if (
                    assigned[partition] is { } best
                    && (score < highest[partition] || score == highest[partition] && string.CompareOrdinal(candidate, best) > 0)
                )
                {
                    continue;
                }

                (assigned[partition], highest[partition]) = (candidate, score);
            }
        }
        return assigned;
    }

    /// <summary>
    /// FNV's last bytes hardly reach the high bits, which decide here; this spreads them over all 64 (the finaliser of MurmurHash3).
    /// </summary>
    private static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return hash ^ (hash >> 33);
    }
}
