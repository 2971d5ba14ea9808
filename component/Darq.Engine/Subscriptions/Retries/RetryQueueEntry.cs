using System.Globalization;
using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>A message in a retry queue, without its body.</summary>
internal readonly record struct RetryQueueEntry(Position StreamId, long DueMs, int Failures, string Key)
{
    /// <summary>False where this component did not write it: data is checked after reading too.</summary>
    public static bool TryParse(string member, out RetryQueueEntry entry)
    {
        entry = default;
        var words = member.Split(' ', 4);
        if (
            words.Length != 4
            || !Position.TryParse(words[0], out var streamId)
            || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var due)
            || !int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out var failures)
        )
        {
            return false;
        }

        entry = new(streamId, due, failures, words[3]);
        return true;
    }
}
