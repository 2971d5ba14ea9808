using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// Messages that an app had when its stream ended, and how often that happened: a handler may be what ends streams. Remembered also while
/// no stream is open and the lanes are released; of the last <see cref="Max"/> messages. Belongs to the core.
/// </summary>
internal sealed class LostDeliveries
{
    /// <summary>More than one stream can hold.</summary>
    public const int Max = 1024;

    private readonly Dictionary<(int Partition, Position Message), Loss> _losses = [];
    private readonly Queue<(int Partition, Position Message)> _oldest = new();

    /// <summary>A stream of the app ended while the app had the message.</summary>
    public void Add(LaneMessage message, AppPresence app)
    {
        var name = NameOf(message);
        if (!_losses.TryGetValue(name, out var loss))
        {
            if (_oldest.Count == Max)
            {
                _losses.Remove(_oldest.Dequeue());
            }

            _oldest.Enqueue(name);
        }

        _losses[name] = loss with { By = app };
    }

    /// <summary>
    /// How many streams ended with the message, where the last end is not counted yet and the app has opened a stream again; else 0.
    /// </summary>
    public int Count(LaneMessage message, IReadOnlyList<StreamWindow> streams)
    {
        if (_losses.Count == 0 || !_losses.TryGetValue(NameOf(message), out var loss) || loss.By is not { } app)
        {
            return 0;
        }

        if (!streams.Any(stream => stream.App == app))
        {
            return 0;
        }

        _losses[NameOf(message)] = new(loss.Count + 1, null);
        return loss.Count + 1;
    }

    private static (int, Position) NameOf(LaneMessage message) => (message.Lane.Partition, message.Message.StreamId);

    private readonly record struct Loss(int Count, AppPresence? By);
}
