using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Reading;

/// <summary>
/// Which lane is read next and how much of it, within the bounds of what may be in memory: at most <see cref="MaxMessages"/> messages and
/// about <see cref="MaxBytes"/> of them, plus one page for each reader. Belongs to the core.
/// </summary>
internal sealed class ReadAhead(Lane[] lanes)
{
    public const int MaxMessages = 1024;
    public const long MaxBytes = 16 << 20;
    public const long PageBytes = 1 << 20;

    private const int LargestPage = 64;
    private const int FirstPage = 8;

    private int _messages;
    private long _bytes;
    private uint _next;

    // What a message weighed lately, so that a page stays near PageBytes.
    private double _averageSize = PageBytes / FirstPage;

    /// <summary>Whether as much is in memory as may be.</summary>
    public bool IsFull => _messages >= MaxMessages || _bytes >= MaxBytes;

    /// <summary>Messages in memory.</summary>
    public int Count => _messages;

    public void Add(Message message)
    {
        _messages++;
        _bytes += message.Size;
    }

    public void Remove(Message message)
    {
        _messages--;
        _bytes -= message.Size;
    }

    public void Weigh(Message message) => _averageSize = 0.9 * _averageSize + 0.1 * message.Size;

    /// <summary>The next lane whose stream has more, as a read to be made; null where there is none.</summary>
    public StreamRead? Next()
    {
        for (var i = 0; i < lanes.Length; i++)
        {
            var lane = lanes[_next++ % (uint)lanes.Length];
            if (
                lane.State == LaneState.Delivering
                && lane.Refused == 0
                && lane.Retries.IsKnown
                && !lane.IsReading
                && lane.Tail > lane.ReadUpTo.Number
            )
            {
                lane.IsReading = true;
                return new(lane, lane.Epoch, lane.ReadUpTo, lane.Tail, (int)Math.Clamp(PageBytes / _averageSize, 1, LargestPage));
            }
        }
        return null;
    }
}

/// <summary>
/// One page of a lane's stream to be read. The tail is the last message that the stream was known to have when that began.
/// </summary>
internal sealed record StreamRead(Lane Lane, int Epoch, Position After, long Tail, int PageMax);

/// <summary>An entry as it was read: <see cref="Message"/> is null where it is none that this component wrote.</summary>
internal readonly record struct ReadEntry(Position StreamId, Message? Message);
