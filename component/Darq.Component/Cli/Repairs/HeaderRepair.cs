using Darq.Component.Cli.Data;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Repairs;

/// <summary>Repairs of single fields of a partition header.</summary>
internal static class HeaderRepair
{
    /// <summary>Writes a fixed field anew.</summary>
    public static Repair Of(HeaderFacts header, string field, string wanted) =>
        new(
            $"write {wanted} into the field {field}",
            header.Key,
            GuardedChange.Of(header.Key, Condition.Field(header.Key, field, header[field]), "HSET", header.Key, field, wanted)
        )
        {
            ConcernsOwners = true,
        };

    /// <summary>
    /// Lets the partition take writes again, and forgets the ids that the request which was cut in the middle noted for messages it did
    /// not append: whoever sends it again is not told that it is a duplicate.
    /// </summary>
    /// <param name="header">The header of the broken partition.</param>
    /// <param name="forgotten">Key and field of those ids.</param>
    public static Repair OfBroken(HeaderFacts header, IReadOnlyList<(string Bucket, string Name)> forgotten) =>
        new(
            "let the partition take writes again" + Forgetting(forgotten.Count),
            header.Key,
            new(
                [header.Key, .. forgotten.Select(one => one.Bucket).Distinct()],
                [Condition.Field(header.Key, "broken", header["broken"]), Condition.Field(header.Key, "lsn", header["lsn"])],
                [.. forgotten.Select(one => (string[])["HDEL", one.Bucket, one.Name]), ["HDEL", header.Key, "broken"]]
            )
        )
        {
            ConcernsOwners = true,
        };

    /// <summary>
    /// Names the buckets that are there again, so that what is remembered in them is found. Where none is left nothing is remembered.
    /// </summary>
    /// <param name="header">The key of the partition header.</param>
    /// <param name="field">The field of the family.</param>
    /// <param name="found">Its text; null where it is missing.</param>
    /// <param name="newest">The highest number of a bucket that is there; 0 for none.</param>
    /// <param name="nowMs">The server's clock: the newest bucket counts as opened now, so that it is kept for a whole window more.</param>
    public static Repair OfBuckets(string header, string field, string? found, long newest, long nowMs) =>
        new(
            newest > 0
                ? $"name bucket {newest} as the newest of {field}; no id is forgotten"
                : $"remove the field {field}, whose buckets are gone: duplicates of the last window are not found",
            header,
            new(
                [header],
                [Condition.Field(header, field, found)],
                [newest > 0 ? ["HSET", header, field, new BucketNumbers(newest, nowMs, 0).ToString()] : ["HDEL", header, field]]
            )
        );

    /// <summary>Takes a field away that is none of ours.</summary>
    public static Repair WithoutField(string key, string field, string value) =>
        new($"remove the field {field}", key, GuardedChange.Of(key, Condition.Field(key, field, value), "HDEL", key, field));

    private static string Forgetting(int count) =>
        count switch
        {
            0 => "",
            1 => ", and forget the id of a message that its last request did not append",
            _ => $", and forget {count} ids of messages that its last request did not append",
        };
}
