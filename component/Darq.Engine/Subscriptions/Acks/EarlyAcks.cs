using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>
/// Acknowledgements of messages that are not in memory: their lane was lost, and they were not read again when their app answered. Each
/// counts once its message may be delivered again. Of more than <see cref="Most"/> the oldest is forgotten, so that its message is
/// delivered once more: some 100 bytes for each. Belongs to the core.
/// </summary>
internal sealed class EarlyAcks
{
    public const int Most = 4096;

    private readonly HashSet<(int Partition, Position Message)> _messages = [];
    private readonly Queue<(int Partition, Position Message)> _byAge = new();

    public void Add(int partition, Position message)
    {
        if (!_messages.Add((partition, message)))
        {
            return;
        }

        _byAge.Enqueue((partition, message));
        if (_byAge.Count > Most)
        {
            _messages.Remove(_byAge.Dequeue());
        }
    }

    /// <summary>Whether the message was acknowledged; true only once.</summary>
    public bool Take(int partition, Position message) => _messages.Count > 0 && _messages.Remove((partition, message));
}
