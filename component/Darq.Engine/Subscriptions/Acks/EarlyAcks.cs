using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Reading;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>
/// Acknowledgements of messages that are not in memory: their lane was lost, and they were not read again when their app answered. Each
/// counts once its message may be delivered again. Of more than <see cref="Most"/> the oldest is forgotten, so that its message is
/// delivered once more: some 100 bytes for each. Belongs to the core.
/// </summary>
internal sealed class EarlyAcks
{
    public const int Most = 4096;

    private readonly HashSet<(int Partition, Position Place, string Id)> _messages = [];
    private readonly Queue<(int Partition, Position Place, string Id)> _byAge = new();

    public void Add(Message message)
    {
        if (!_messages.Add(NameOf(message)))
        {
            return;
        }

        _byAge.Enqueue(NameOf(message));
        if (_byAge.Count > Most)
        {
            _messages.Remove(_byAge.Dequeue());
        }
    }

    /// <summary>Whether the message was acknowledged; true only once.</summary>
    public bool Take(Message message) => _messages.Count > 0 && _messages.Remove(NameOf(message));

    /// <summary>Redis has lost something: what the handlers did may be among it.</summary>
    public void Clear()
    {
        _messages.Clear();
        _byAge.Clear();
    }

    // A server process that went back to an earlier state of itself gives a place a second time.
    private static (int, Position, string) NameOf(Message message) => (message.Partition, message.StreamId, message.Id);
}
