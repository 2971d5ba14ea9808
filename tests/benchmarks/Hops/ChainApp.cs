using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Darq.Benchmarks.Hops;

/// <summary>
/// The app of the chains: answers each delivery of its bindings with one state write and one emit to the next topic of the same line, and
/// the last with the write alone.
/// </summary>
internal sealed class ChainApp(int steps, params IReadOnlyList<string> bindings)
{
    private readonly ConcurrentDictionary<long, IChain> _chains = new();

    private long _number;

    public static string TopicOf(string line, int hop) => $"{line}{hop}";

    /// <summary>What begins a chain, and goes from hop to hop.</summary>
    public static string Data(string line, long chain, int hop) => $"{{\"line\":\"{line}\",\"chain\":{chain},\"hop\":{hop}}}";

    /// <summary>The key that the hops of a chain write.</summary>
    public static string KeyOf(long chain) => $"chain-{chain % 1000}";

    /// <summary>Numbers a chain that is to begin; its deliveries are told to it until it is forgotten.</summary>
    public long Expect(IChain chain)
    {
        var number = Interlocked.Increment(ref _number);
        _chains[number] = chain;
        return number;
    }

    public void Forget(long number) => _chains.TryRemove(number, out _);

    public async Task HandleAsync(HttpContext context)
    {
        if (!bindings.Contains(context.Request.Path.Value?.TrimStart('/')))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            return;
        }

        var now = Stopwatch.GetTimestamp();
        var (line, number, hop) = await ReadAsync(context.Request);
        var chain = _chains[number];
        await chain.ArrivedAsync(hop, now);
        var answer = Answer(line, number, hop);
        context.Response.ContentLength = answer.Length;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(answer);
        if (hop == steps - 1)
        {
            chain.End();
        }
    }

    private static async Task<(string Line, long Chain, int Hop)> ReadAsync(HttpRequest request)
    {
        using var document = await JsonDocument.ParseAsync(request.Body);
        var data = document.RootElement.GetProperty("data");
        return (data.GetProperty("line").GetString()!, data.GetProperty("chain").GetInt64(), data.GetProperty("hop").GetInt32());
    }

    private byte[] Answer(string line, long chain, int hop)
    {
        var emit = hop == steps - 1 ? "" : $",\"emit\":[{{\"topic\":\"{TopicOf(line, hop + 1)}\",\"data\":{Data(line, chain, hop + 1)}}}]";
        return Encoding.ASCII.GetBytes(
            $"{{\"state\":[{{\"op\":\"upsert\",\"key\":\"{KeyOf(chain)}\",\"value\":{{\"hop\":{hop}}}}}]{emit}}}"
        );
    }
}
