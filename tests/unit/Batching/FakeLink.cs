using System.Globalization;
using System.Text;
using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Tests.Unit.Batching;

/// <summary>A primary that answers as the test says; unless told otherwise it takes every batch.</summary>
internal sealed class FakeLink : IPrimaryLink
{
    private readonly Queue<Func<FunctionCall, CancellationToken, Task<RedisReply>>> _next = new();

    public Session Session { get; set; } = new("s1", 0);

    public long WorldLine { get; set; } = 1;

    public string ReplicationId { get; set; } = "r1";

    /// <summary>Function, session key's end, number and requests of every batch that arrived.</summary>
    public List<(string Function, string Session, long Number, int Count)> Batches { get; } = [];

    public List<Invalidation> Invalidated { get; } = [];

    public FakeLink Next(Func<FunctionCall, Task<RedisReply>> answer)
    {
        _next.Enqueue((call, _) => answer(call));
        return this;
    }

    /// <summary>The next batch is answered when the test says so, with what it says or as taken.</summary>
    public TaskCompletionSource<RedisReply?> Hold()
    {
        var answer = new TaskCompletionSource<RedisReply?>();
        _next.Enqueue(async (call, _) => await answer.Task ?? Taken(call));
        return answer;
    }

    /// <summary>The next batch is never answered; returns a task that ends when it has come.</summary>
    public Task Hang()
    {
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _next.Enqueue(
            async (_, cancellation) =>
            {
                came.SetResult();
                await Task.Delay(Timeout.Infinite, cancellation);
                return default;
            }
        );
        return came.Task;
    }

    public Task<Session> ReadyAsync(CancellationToken cancellation) => Task.FromResult(Session);

    public async Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation)
    {
        Batches.Add((call.Function["darq2_".Length..], call.Key!.Split(':')[^1], Number(call, 0), (int)Number(call, 3)));
        return _next.TryDequeue(out var answer) ? await answer(call, cancellation) : Taken(call);
    }

    public void Invalidate(Invalidation why) => Invalidated.Add(why);

    public Task<bool> IsPassingAsync(RedisRefusedException refused, CancellationToken cancellation) =>
        Task.FromResult(refused.Code == "LOADING");

    public static RedisReply Text(string text) => RedisReply.Of(Encoding.UTF8.GetBytes(text));

    private static RedisReply Taken(FunctionCall call) =>
        Text(string.Join('\n', [$"OK {Number(call, 0)}", .. Enumerable.Range(0, (int)Number(call, 3)).Select(i => $"line {i}")]));

    private static long Number(FunctionCall call, int at) =>
        long.Parse(Encoding.UTF8.GetString(call.Arguments[at].ToBytes()), CultureInfo.InvariantCulture);
}

/// <summary>A request of no content, whose answer is its line.</summary>
internal sealed class FakeRequest(
    int size = 10,
    bool frees = false,
    bool repeatable = true,
    bool neverGivesUp = false,
    Action<string>? heard = null
) : BatchRequest<string>("fake")
{
    public override int Size => size;

    public override bool Frees => frees;

    public override bool Repeatable => repeatable;

    public override bool NeverGivesUp => neverGivesUp;

    public override void Write(BatchWriter writer) => writer.Add(writer.Place(1));

    protected override string Parse(ReplyLine reply)
    {
        heard?.Invoke(reply.ToString());
        return reply.ToString();
    }
}
