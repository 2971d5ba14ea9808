using System.Globalization;
using Darq.Engine.Core;

namespace Darq.Engine.Connection;

/// <summary>
/// One component process on one primary: numbers its batches and owns its lanes. A new one replaces it when its record is gone.
/// </summary>
internal sealed record Session(string Id, int Partition)
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public static Session Create(Random random, int partitions)
    {
        var id = random.NextInt64().ToString("x16", CultureInfo.InvariantCulture);
        return new(id, PartitionHash.Of(id, partitions));
    }
}
