using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// Names one delivery: the session that made it, the lane, the message by place and id, the number of the delivery within the session.
/// As text it is ASCII without blanks, fit for a header and for the id of a pulled message. It is no secret: what it
/// allows is decided in Redis by the claim of the lane. <see cref="Id"/> is the mark of the message's id (<see cref="MessageIds.MarkOf"/>).
/// </summary>
internal sealed record DeliveryToken(string Session, string Group, string Topic, int Partition, Position Message, long Number, string Id)
{
    // Tokens that follow each other mostly share these names, which then are not made anew.
    [ThreadStatic]
    private static string? _lastSession;

    [ThreadStatic]
    private static string? _lastGroup;

    [ThreadStatic]
    private static string? _lastTopic;

    public static bool TryParse(string text, [NotNullWhen(true)] out DeliveryToken? token)
    {
        token = null;
        Span<Range> parts = stackalloc Range[8];
        var span = text.AsSpan();
        if (
            span.Split(parts, ':') != 7
            || span[parts[0]].IsEmpty
            || span[parts[4]].IsEmpty
            || span[parts[5]].IsEmpty
            || span[parts[6]].IsEmpty
            || !int.TryParse(span[parts[1]], NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            || !Position.TryParse(span[parts[2]], out var message)
            || !long.TryParse(span[parts[3]], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        )
        {
            return false;
        }

        var session = Name(ref _lastSession, span[parts[0]]);
        token = new(
            session,
            Keys.Decode(Name(ref _lastGroup, span[parts[4]])),
            Keys.Decode(Name(ref _lastTopic, span[parts[5]])),
            partition,
            message,
            number,
            span[parts[6]].ToString()
        );
        return true;
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Session}:{Partition}:{Message.WorldLine}-{Message.Number}:{Number}:{Keys.Encode(Group)}:{Keys.Encode(Topic)}:{Id}"
        );

    private static string Name(ref string? last, ReadOnlySpan<char> text) => text.SequenceEqual(last) ? last! : last = text.ToString();
}
