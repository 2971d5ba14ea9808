using System.Text;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Batching;

/// <summary>The lines of a reply, one for each request after the first, and the requests that they answer.</summary>
internal sealed record BatchAnswers(IReadOnlyList<IBatchRequest> Requests, RedisReply Reply)
{
    /// <summary>
    /// Whose answers a reply has. A batch that was refused before was executed after all where the reply has a line for each of its
    /// requests; else only what frees of it was executed, and the others hear why they were not.
    /// </summary>
    public static BatchAnswers Of(Batch batch, RedisReply reply)
    {
        var lines = reply.Bytes.Span.Count((byte)'\n');
        var requests = lines == batch.Requests.Count ? batch.Requests : batch.Sent;
        if (lines != requests.Count)
        {
            throw new InvalidOperationException($"A batch of {requests.Count} requests was answered with {lines} lines.");
        }

        if (batch.Error is { } error && requests.Count < batch.Requests.Count)
        {
            batch.Fail(request => !request.Frees, () => batch.Outcome(error));
        }

        return new(requests, reply);
    }

    /// <summary>Gives each request its line. A fault in one is that request's alone.</summary>
    /// <param name="log">Hears of faults.</param>
    /// <param name="damage">Hears of keys that are damaged.</param>
    public void Give(ILogger log, DamageNotes damage)
    {
        var rest = Reply.Bytes.Span;
        foreach (var request in Requests)
        {
            rest = rest[(rest.IndexOf((byte)'\n') + 1)..];
            var end = rest.IndexOf((byte)'\n');
            try
            {
                var line = Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
                damage.Note(line);
                request.Answer(line);
            }
            catch (Exception fault)
            {
                log.ReplyFailed(Encoding.UTF8.GetString(request.Name.ToBytes()), fault);
                request.Fail(Batch.Unknown("a fault inside the component, of which its log says more", fault));
            }
        }
    }
}
