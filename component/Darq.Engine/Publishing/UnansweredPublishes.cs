using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Darq.Engine.Connection;

namespace Darq.Engine.Publishing;

/// <summary>
/// Publishes of one sidecar whose calls ended before Redis had answered: an equal call that follows is the sidecar's own retry, and gets
/// the outcome of the first. Calls beside each other are not repetitions, nor is one after a call that succeeded. Safe for concurrent use.
/// Memory: at most <see cref="Max"/> digests with the answers to their publishes; the oldest goes first.
/// </summary>
internal sealed class UnansweredPublishes
{
    public const int Max = 1000;

    private readonly Lock _lock = new();
    private readonly LinkedList<Unanswered> _byAge = [];
    private volatile int _count;

    public int Count => _count;

    /// <summary>A digest of all that makes two calls equal: topic, and data and metadata of each message in order.</summary>
    public static string DigestOf(string topic, IReadOnlyList<PublishEntry> entries)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        EventIdentity.AddPart(hash, Encoding.UTF8.GetBytes(topic));
        foreach (var entry in entries)
        {
            EventIdentity.AddPart(hash, entry.Data.Span);
            foreach (var (name, value) in entry.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                EventIdentity.AddPart(hash, Encoding.UTF8.GetBytes(name));
                EventIdentity.AddPart(hash, Encoding.UTF8.GetBytes(value));
            }
        }

        return Convert.ToBase64String(hash.GetHashAndReset());
    }

    /// <summary>
    /// A call ended, and <paramref name="outcome"/> tells later what became of it; <paramref name="before"/> is what
    /// <see cref="Primary.Watermark"/> said in front of it. Remembered until a monotonic time.
    /// </summary>
    public void Add(string digest, Task<Published[]> outcome, RecoveryCount before, TimeSpan until)
    {
        lock (_lock)
        {
            if (_byAge.Count == Max)
            {
                _byAge.RemoveFirst();
            }

            _byAge.AddLast(new Unanswered(digest, outcome, before, until));
            _count = _byAge.Count;
        }
    }

    /// <summary>The outcome of an equal call before, which is then forgotten: each has one retry. False where there is none.</summary>
    public bool TryTake(string digest, TimeSpan now, [NotNullWhen(true)] out Unanswered? unanswered)
    {
        lock (_lock)
        {
            while (_byAge.First is { } oldest && oldest.Value.Until <= now)
            {
                _byAge.RemoveFirst();
            }

            var found = _byAge.First;
            while (found is not null && found.Value.Digest != digest)
            {
                found = found.Next;
            }

            if (found is not null)
            {
                _byAge.Remove(found);
            }

            _count = _byAge.Count;
            unanswered = found?.Value;
            return unanswered is not null;
        }
    }
}

/// <summary>A publish whose call ended without an answer.</summary>
internal sealed record Unanswered(string Digest, Task<Published[]> Outcome, RecoveryCount RecoveriesBefore, TimeSpan Until);
