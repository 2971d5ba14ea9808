using Darq.Engine.Core;

namespace Darq.Engine.Batching;

/// <summary>Reads a reply line that any request may get instead of its own.</summary>
internal static class RequestErrors
{
    public static DarqException Of(string reply) =>
        reply switch
        {
            _ when reply.StartsWith("BROKEN", StringComparison.Ordinal) => new(
                ErrorCode.Broken,
                $"BROKEN: a partition refuses writes since a request failed in the middle of it: {reply}. Its key :m has the "
                    + "reason in field 'broken'."
            ),
            _ when reply.StartsWith("FENCED", StringComparison.Ordinal) => new(
                ErrorCode.Fenced,
                "FENCED: the delivery belongs to an earlier holder of its lane; the message was or will be delivered again, and "
                    + "this attempt changed nothing."
            ),
            _ => new(ErrorCode.Misconfigured, $"MISCONFIGURED: Redis answered a request with: {reply}."),
        };
}
