using System.Globalization;
using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>What a retry queue says of a message apart from its body.</summary>
internal readonly record struct RetryQueueEntry(Position StreamId, long DueMs, int Failures, string Key)
{
    /// <summary>False where it is none of ours: data is checked after reading too.</summary>
    public static bool TryParse(string member, out RetryQueueEntry parked)
    {
        parked = default;
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

        parked = new(streamId, due, failures, words[3]);
        return true;
    }
}
