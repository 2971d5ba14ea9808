using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Reading;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>A message as the model's stream keeps it.</summary>
internal sealed record StoredMessage(int Partition, Position StreamId, string Key, long ExpiryMs, bool IsDamaged, long Lsn)
{
    public Message? Read() => IsDamaged ? null : new(Partition, StreamId, "", Key, default, default, ExpiryMs, StreamId);
}

/// <summary>What waits in the retry queue.</summary>
internal readonly record struct QueuedMessage(StoredMessage Message, long DueMs, int Failures);

/// <summary>Who owns the lane.</summary>
/// <param name="Owner">The session.</param>
/// <param name="Token">Its fencing token.</param>
/// <param name="TakeOvers">How many times in a row an owner died while the message of that number was its first unfinished one.</param>
/// <param name="DoneBefore">What was done with when it was claimed; of what is done later, nobody may have heard yet.</param>
internal sealed record OwnerRecord(string? Owner, string Token, (long Seq, int Count) TakeOvers, IReadOnlySet<Position> DoneBefore);

/// <summary>One partition as one group and topic see it: numbers are dense, so the stream's n-th message has number n.</summary>
internal sealed class RedisPartition
{
    public List<StoredMessage> Stream { get; } = [];

    /// <summary>Numbers of what is done with, and by what.</summary>
    public Dictionary<long, string> Done { get; } = [];

    public SortedDictionary<long, QueuedMessage> Queue { get; } = [];

    public OwnerRecord Claim { get; set; } = new(null, "0.0", default, new HashSet<Position>());

    public string? Owner => Claim.Owner;

    public string Token => Claim.Token;

    /// <summary>The session that hears of the next append.</summary>
    public string? Armed { get; set; }

    public long Last => Stream.Count;

    public bool IsAcked(long seq) => Done.ContainsKey(seq) || Queue.ContainsKey(seq);

    public bool WasDoneAtClaim(Position message, string token) => Token == token && Claim.DoneBefore.Contains(message);

    public StoredMessage? At(long seq) => seq >= 1 && seq <= Last ? Stream[(int)seq - 1] : null;

    public long AckedUpTo
    {
        get
        {
            var seq = 0L;
            while (IsAcked(seq + 1))
            {
                seq++;
            }

            return seq;
        }
    }

    /// <summary>Whether nothing more will come of the message: it is done with, or a person has to look at it.</summary>
    public bool IsOver(StoredMessage message) => message.IsDamaged || Done.ContainsKey(message.StreamId.Number);
}
