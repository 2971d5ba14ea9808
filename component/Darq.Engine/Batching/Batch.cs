using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Batching;

/// <summary>Requests that go to Redis together under one number, and what is known of them. Used by the queue's loop alone.</summary>
internal sealed class Batch(List<IBatchRequest> requests)
{
    /// <summary>Those that have no answer yet, in the order of their lines.</summary>
    public List<IBatchRequest> Requests { get; private set; } = requests;

    /// <summary>The session and its number for this batch; no session before the first sending.</summary>
    public Session? Session { get; private set; }

    public long Number { get; private set; }

    /// <summary>The world-line that the last sending named.</summary>
    public long WorldLine { get; private set; }

    /// <summary>The last sending.</summary>
    public Task<RedisReply> Call { get; private set; } = Task.FromException<RedisReply>(new InvalidOperationException("It was not sent."));

    /// <summary>Whether it was sent while the batch before it was still out, so that it may have come too early.</summary>
    public bool IsBehind { get; set; }

    /// <summary>Whether a sending may have been executed. Only an answer to this very number takes the doubt away.</summary>
    public bool IsDoubtful { get; set; }

    /// <summary>
    /// Why Redis refused it. What only frees memory is then sent under its number, which closes the number: either that is executed, or the
    /// record of the whole batch comes back.
    /// </summary>
    public RedisRefusedException? Error { get; set; }

    /// <summary>The requests of the next sending.</summary>
    public IReadOnlyList<IBatchRequest> Sent => Error is null ? Requests : [.. Requests.Where(request => request.Frees)];

    public void Give(Session session, long number) => (Session, Number) = (session, number);

    public void Send(long worldLine, Task<RedisReply> call) => (WorldLine, Call) = (worldLine, call);

    /// <summary>Gives up some of its requests.</summary>
    public void Fail(Func<IBatchRequest, bool> which, Func<DarqException> why)
    {
        foreach (var request in Requests.Where(which))
        {
            request.Fail(why());
        }

        Requests = [.. Requests.Where(request => !which(request))];
    }

    /// <summary>Its session is gone. What may have had its effect and would have it twice is answered as unknown.</summary>
    public void Restart()
    {
        if (IsDoubtful)
        {
            Fail(request => !request.Repeatable, () => Unknown("Redis lost the record of this request"));
        }
        else if (Error is { } error)
        {
            Fail(request => !request.Frees, () => Outcome(error));
        }

        (IsDoubtful, IsBehind, Error) = (false, false, null);
    }

    /// <summary>What a caller hears whose request is known to have had no effect, or not to be known.</summary>
    public DarqException Outcome(RedisRefusedException error) =>
        IsDoubtful ? Unknown("Redis gave no answer, and then refused the request")
        : error.Code == "OOM" ? new(ErrorCode.Full, $"FULL: Redis is at its maxmemory and takes nothing new: {error.Message}")
        : new(ErrorCode.Misconfigured, $"MISCONFIGURED: Redis refused a batch: {error.Message}");

    public static DarqException Unknown(string why, Exception? fault = null) =>
        new(ErrorCode.Unavailable, $"UNAVAILABLE: {why}; whether the request took or will take effect is unknown.", fault);
}
