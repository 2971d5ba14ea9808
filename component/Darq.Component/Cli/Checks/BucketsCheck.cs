using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Repairs;
using Darq.Component.Configuration;

namespace Darq.Component.Cli.Checks;

/// <summary>The fields that say in which buckets ids of publishers, events and results of steps are remembered.</summary>
internal static class BucketsCheck
{
    /// <param name="header">The key of the partition header.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="field">Such as <c>d:orders</c>, or <c>r</c> for the results of steps.</param>
    /// <param name="text">Its text; null where it is missing although there are buckets.</param>
    /// <param name="newest">The highest number of a bucket that is there; 0 for none.</param>
    /// <param name="nowMs">The server's clock.</param>
    public static Finding? Judge(string header, int partition, string field, string? text, long newest, long nowMs)
    {
        var numbers = text is null ? null : BucketNumbers.Parse(text);
        if (numbers is not null && numbers.Number >= newest)
        {
            return null;
        }

        var what =
            text is null ? "Buckets are there, and the field that names them is missing."
            : numbers is null ? $"The field that names the buckets is damaged: {SettingValues.Show(text)}."
            : $"The newest bucket counts as {numbers.Number}, and {newest} is there.";
        return new(Severity.Error, field == "r" ? "results" : "dedup", what)
        {
            Key = header,
            Field = field,
            Partition = partition,
            Means = field == "r" ? "Steps in this partition fail, or one that is sent again takes effect twice." : Dedup,
            Do = "darq repair",
            Repair = HeaderRepair.OfBuckets(header, field, text, newest, nowMs),
        };
    }

    private const string Dedup = "Messages with an id are refused in this partition, or a duplicate is not found.";
}
