using System.Text.RegularExpressions;

namespace Darq.Tests.Shared;

/// <summary>
/// The newest lines a process wrote to either output, and a way to wait for one of them.
/// </summary>
internal sealed class OutputLines(string name)
{
    private const int MaxLines = 10_000;

    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new();
    private TaskCompletionSource _changed = NewSignal();

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        TaskCompletionSource changed;
        lock (_lock)
        {
            _lines.Enqueue(line);
            if (_lines.Count > MaxLines)
            {
                _lines.Dequeue();
            }

            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    public async Task<Match> WaitForAsync(string pattern, TimeSpan timeout, Task exited)
    {
        using var timer = new CancellationTokenSource(timeout);
        while (true)
        {
            var over = exited.IsCompleted || timer.IsCancellationRequested;
            var changed = Snapshot(out var lines);
            if (lines.Select(line => Regex.Match(line, pattern)).FirstOrDefault(match => match.Success) is { } found)
            {
                return found;
            }

            if (over)
            {
                throw new TimeoutException(
                    $"{name} {(exited.IsCompleted ? "ended" : "wrote")} without a line matching '{pattern}':\n{this}"
                );
            }

            await Task.WhenAny(changed, exited, Task.Delay(Timeout.Infinite, timer.Token));
        }
    }

    public override string ToString() => string.Join('\n', All.TakeLast(60));

    private Task Snapshot(out string[] lines)
    {
        lock (_lock)
        {
            lines = [.. _lines];
            return _changed.Task;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
