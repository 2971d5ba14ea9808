using System.Globalization;

namespace Darq.Tests.Contract.Replays;

/// <summary>What is known of a publish: whether the component accepted it.</summary>
internal enum PublishFate
{
    Accepted,
    Refused,
    Unclear,
}

/// <summary>
/// Every message of a replay, and what each group saw of it. Finds what no sidecar may see: a message that comes after its
/// acknowledgement or while another stream has it in hand, one that was refused, one sent on a paused instance, one that never comes.
/// Written from all streams at once.
/// </summary>
internal sealed class MessageLedger
{
    private readonly Lock _lock = new();
    private readonly List<Message> _messages = [];
    private readonly Dictionary<string, Message> _same = [];
    private readonly HashSet<(string Group, string Topic)> _subscribed = [];
    private readonly Dictionary<(string Group, int Number), ReplayedStream> _inHand = [];
    private readonly HashSet<(string Group, int Number)> _seen = [];
    private readonly HashSet<(string Group, int Number)> _acked = [];
    private readonly HashSet<(string Group, int Number)> _ackedBefore = [];
    private readonly List<string> _violations = [];

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_lock)
            {
                return [.. _violations];
            }
        }
    }

    public int LastNumber
    {
        get
        {
            lock (_lock)
            {
                return _messages.Count;
            }
        }
    }

    public IReadOnlyList<string> Topics
    {
        get
        {
            lock (_lock)
            {
                return [.. _messages.Where(message => message.Fate == PublishFate.Accepted).Select(message => message.Topic).Distinct()];
            }
        }
    }

    /// <summary>
    /// Notes a publish before it is sent. One message are publishes with the same id and key, and the sidecar's retry: the same content
    /// after a call whose end is unclear.
    /// </summary>
    public int Publish(string topic, string content, string? id, bool mayExpire)
    {
        lock (_lock)
        {
            var identity = $"{topic} {(id is null ? content : $"id {id}")}";
            if (_same.TryGetValue(identity, out var repeated))
            {
                return repeated.Number;
            }

            var message = new Message(_messages.Count + 1, topic, identity, id is not null, mayExpire);
            _messages.Add(message);
            _same[identity] = message;
            return message.Number;
        }
    }

    public void Settle(int number, PublishFate fate)
    {
        lock (_lock)
        {
            var message = _messages[number - 1];
            message.Fate = message.Fate switch
            {
                PublishFate.Accepted => PublishFate.Accepted,
                PublishFate.Unclear when fate == PublishFate.Refused => PublishFate.Unclear,
                _ => fate,
            };
            if (fate != PublishFate.Unclear && !message.HasId)
            {
                _same.Remove(message.Identity);
            }
        }
    }

    public void Subscribe(string group, string topic)
    {
        lock (_lock)
        {
            _subscribed.Add((group, topic));
        }
    }

    /// <summary>Notes a delivery; whether it is the first of its message to that group.</summary>
    public bool Deliver(ReplayedStream stream, int number)
    {
        lock (_lock)
        {
            var (message, key) = (_messages[number - 1], (stream.Group, number));
            if (_acked.Contains(key))
            {
                Report(message, stream, "comes after it was acknowledged");
            }

            if (_inHand.TryGetValue(key, out var other) && !other.Closed)
            {
                Report(message, stream, "comes while an open stream has it in hand");
            }

            if (message.Fate == PublishFate.Refused)
            {
                Report(message, stream, "comes although its publish was refused");
            }

            if (number > stream.LastBeforePause)
            {
                Report(message, stream, "comes on an instance that was paused before it was published");
            }

            if (message.Topic != stream.Log)
            {
                Report(message, stream, $"belongs to topic {message.Topic}");
            }

            _inHand[key] = stream;
            return _seen.Add(key);
        }
    }

    public void Ack(ReplayedStream stream, int number) => Answer(stream, number, isAck: true);

    public void Nack(ReplayedStream stream, int number) => Answer(stream, number, isAck: false);

    /// <summary>How many messages of a group and topic this process of the component was given acknowledgements of.</summary>
    public int Acked(string group, string topic)
    {
        lock (_lock)
        {
            return _acked.Count(key =>
                key.Group == group && _messages[key.Number - 1].Topic == topic && !_ackedBefore.Contains((key.Group, key.Number))
            );
        }
    }

    public bool HasSubscriber(string topic)
    {
        lock (_lock)
        {
            return _subscribed.Any(pair => pair.Topic == topic);
        }
    }

    public bool IsSubscribed(string group, string topic)
    {
        lock (_lock)
        {
            return _subscribed.Contains((group, topic));
        }
    }

    /// <summary>Another process of the component takes over.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            _ackedBefore.UnionWith(_acked);
        }
    }

    public IReadOnlyList<string> Missing()
    {
        lock (_lock)
        {
            return
            [
                .. from pair in _subscribed
                from message in _messages
                where message.Topic == pair.Topic && message.Fate == PublishFate.Accepted && !message.MayExpire
                where !_acked.Contains((pair.Group, message.Number))
                select string.Create(CultureInfo.InvariantCulture, $"message {message.Number} of topic {pair.Topic} to group {pair.Group}"),
            ];
        }
    }

    private void Answer(ReplayedStream stream, int number, bool isAck)
    {
        lock (_lock)
        {
            _inHand.Remove((stream.Group, number));
            if (isAck)
            {
                _acked.Add((stream.Group, number));
            }
        }
    }

    private void Report(Message message, ReplayedStream stream, string what) =>
        _violations.Add(string.Create(CultureInfo.InvariantCulture, $"message {message.Number} on {stream} {what}"));

    private sealed record Message(int Number, string Topic, string Identity, bool HasId, bool MayExpire)
    {
        /// <summary>Null until its first call has ended.</summary>
        public PublishFate? Fate { get; set; }
    }
}
