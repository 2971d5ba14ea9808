using System.Diagnostics;
using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Client;

/// <summary>Keeps a number of calls of one method outstanding for a while, each begun when one before it was answered.</summary>
internal sealed class UnaryLoad(LoadConnection connection, Method method, Template template, int outstanding) : ICallSink
{
    private Histogram _latency = new();
    private long _end;
    private int _open;

    /// <summary>Makes the next request of the template; by default it stays the same.</summary>
    public Action<Template> Next { get; init; } = static _ => { };

    /// <summary>What a good answer weighs at least.</summary>
    public int LeastAnswerBytes { get; init; }

    /// <summary>How many operations one call is.</summary>
    public int Weight { get; init; } = 1;

    public Round Run(TimeSpan duration)
    {
        _latency = new Histogram();
        _end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        for (_open = 0; _open < outstanding; _open++)
        {
            Start();
        }

        while (_open > 0)
        {
            connection.Pump();
        }

        return new(_latency.Count * Weight, duration.TotalSeconds, _latency);
    }

    public void Received(Call call, ReadOnlySpan<byte> message)
    {
        if (message.Length < LeastAnswerBytes)
        {
            throw new LoadFailedException($"{method.Path} answered {message.Length} bytes; at least {LeastAnswerBytes} were to come");
        }
    }

    public void Completed(Call call)
    {
        var now = Stopwatch.GetTimestamp();
        if (now > _end)
        {
            _open--;
            return;
        }

        _latency.Record(now - call.Started);
        Start();
    }

    private void Start()
    {
        Next(template);
        connection.Start(method, this, template.Bytes).Started = Stopwatch.GetTimestamp();
    }
}
