using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Darq.Benchmarks.Client;
using Microsoft.AspNetCore.Http;

namespace Darq.Benchmarks.Hops;

/// <summary>
/// The app of the chains: answers each delivery of the binding with one state write and one emit to the next topic, and the
/// last with the write alone. A hop is timed from one delivery of a chain to the next, so all that lies between them is in it.
/// </summary>
internal sealed class ChainApp(int steps)
{
    public const string Binding = "chain";

    private readonly ConcurrentDictionary<long, Chain> _chains = new();

    public static string TopicOf(int hop) => $"hop{hop}";

    /// <summary>A chain that is to begin; <paramref name="hopped"/> is told when each hop ended and what it took.</summary>
    public Chain Expect(long number, Action<long, long> hopped) => _chains[number] = new Chain(hopped);

    public async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path != "/" + Binding)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            return;
        }

        var now = Stopwatch.GetTimestamp();
        var (number, hop) = await ReadAsync(context.Request);
        var chain = _chains[number];
        chain.Arrived(hop, now);
        var answer = Answer(number, hop);
        context.Response.ContentLength = answer.Length;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(answer);
        if (hop == steps - 1 && _chains.TryRemove(number, out _))
        {
            chain.End();
        }
    }

    private static async Task<(long Chain, int Hop)> ReadAsync(HttpRequest request)
    {
        using var document = await JsonDocument.ParseAsync(request.Body);
        var data = document.RootElement.GetProperty("data");
        return (data.GetProperty("chain").GetInt64(), data.GetProperty("hop").GetInt32());
    }

    private byte[] Answer(long chain, int hop)
    {
        var emit =
            hop == steps - 1 ? "" : $",\"emit\":[{{\"topic\":\"{TopicOf(hop + 1)}\",\"data\":{{\"chain\":{chain},\"hop\":{hop + 1}}}}}]";
        return Encoding.ASCII.GetBytes(
            $"{{\"state\":[{{\"op\":\"upsert\",\"key\":\"chain-{chain % 1000}\",\"value\":{{\"hop\":{hop}}}}}]{emit}}}"
        );
    }

    /// <summary>One chain on its way; it is over when its last delivery was answered.</summary>
    internal sealed class Chain(Action<long, long> hopped)
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _last;

        public Task Over => _over.Task;

        /// <summary>Deliveries that came so far.</summary>
        public int Arrivals { get; private set; }

        public void Arrived(int hop, long now)
        {
            if (hop != Arrivals)
            {
                _over.TrySetException(new LoadFailedException($"hop {hop} of a chain came where {Arrivals} was to come"));
            }

            if (Arrivals++ > 0)
            {
                hopped(now, now - _last);
            }

            _last = now;
        }

        public void End() => _over.TrySetResult();
    }
}
