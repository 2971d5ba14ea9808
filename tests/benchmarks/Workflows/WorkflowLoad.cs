using System.Diagnostics;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Google.Protobuf;

namespace Darq.Benchmarks.Workflows;

/// <summary>
/// Plays the recording call by call with a pause before each. What is timed are the calls of a turn alone: neither the pauses nor making
/// requests and checking answers.
/// </summary>
internal abstract class WorkflowLoad(WorkflowRecording recording)
{
    private const int PauseMilliseconds = 1;

    private Queue<IReadOnlyList<WorkflowCall>> _turns = new();

    /// <summary>Plays for a while, one turn at least; the round is as long as the calls took.</summary>
    public Round Run(TimeSpan duration)
    {
        var latency = new Histogram();
        var spent = TimeSpan.Zero;
        var start = Stopwatch.GetTimestamp();
        do
        {
            if (_turns.Count == 0)
            {
                _turns = new(recording.Next());
            }

            var took = Play(_turns.Dequeue());
            latency.Record((long)took.TotalNanoseconds);
            spent += took;
        } while (Stopwatch.GetElapsedTime(start) < duration);

        return new(latency.Count, spent.TotalSeconds, latency);
    }

    /// <summary>Makes the request.</summary>
    protected abstract void Prepare(WorkflowCall call);

    /// <summary>Sends what was prepared and waits for the whole answer; this alone is timed.</summary>
    protected abstract void Exchange();

    /// <summary>The values that were answered to a read.</summary>
    protected abstract IReadOnlyList<ByteString> Take(WorkflowRead read);

    private TimeSpan Play(IReadOnlyList<WorkflowCall> turn)
    {
        var took = TimeSpan.Zero;
        foreach (var call in turn)
        {
            Thread.Sleep(PauseMilliseconds);
            Prepare(call);
            var began = Stopwatch.GetTimestamp();
            Exchange();
            took += Stopwatch.GetElapsedTime(began);
            if (call is WorkflowRead read && !Take(read).SequenceEqual(read.Values.Select(value => value.Data)))
            {
                throw new LoadFailedException($"other values than the recorded ones were read: {string.Join(", ", read.Keys)}");
            }
        }

        return took;
    }
}
