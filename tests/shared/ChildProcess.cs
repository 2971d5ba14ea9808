using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Darq.Tests.Shared;

/// <summary>
/// A process, with all it starts, that ends with the test: it runs on a leash (<c>leash.py</c>), a process that kills the
/// whole tree when this object is disposed and equally when the test process dies in any way.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(20);

    private readonly Process _leash;
    private readonly TaskCompletionSource<int> _id = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process leash, string name)
    {
        _leash = leash;
        Output = new OutputLines(name);
    }

    /// <summary>The id of the command itself, which also leads its process group.</summary>
    public int Id { get; private set; }

    public OutputLines Output { get; }

    public bool HasExited => _leash.HasExited;

    /// <summary>The exit code of the command, 128 + n when a signal ended it.</summary>
    public int ExitCode => _leash.ExitCode;

    public static async Task<ChildProcess> StartAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? folder = null
    )
    {
        var info = new ProcessStartInfo(Tools.Python)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Repository.Root,
        };
        foreach (
            var argument in (IEnumerable<string>)[Repository.PathOf("tests", "shared", "leash.py"), "--announce", program, .. arguments]
        )
        {
            info.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in Tools.Environment().Concat(environment ?? new Dictionary<string, string?>()))
        {
            info.Environment[name] = value;
        }

        var child = new ChildProcess(new Process { StartInfo = info }, Path.GetFileName(program));
        await child.StartAsync();
        return child;
    }

    /// <summary>Waits until a line of either output matches, also one written before the call.</summary>
    public Task<Match> WaitForLineAsync(string pattern, TimeSpan timeout) =>
        Output.WaitForAsync(pattern, timeout, _leash.WaitForExitAsync());

    /// <summary>Polls until the process is ready for its work; fails with its output if it ends or never is.</summary>
    public async Task ReadyAsync(Func<Task<bool>> isReady, TimeSpan timeout, string because)
    {
        try
        {
            await Eventually.TrueAsync(async () => HasExited || await isReady(), timeout, because);
        }
        catch (TimeoutException fault)
        {
            throw new TimeoutException($"{fault.Message}\n{Output}", fault);
        }

        if (HasExited)
        {
            // Its last lines, which say why, may still be on their way.
            await _leash.WaitForExitAsync();
            throw new InvalidOperationException($"Ended with {ExitCode} before this was true: {because}\n{Output}");
        }
    }

    public void Signal(Signal signal)
    {
        if (!HasExited)
        {
            Signals.Send(-Id, signal);
        }
    }

    public async Task<int> WaitForExitAsync(TimeSpan timeout)
    {
        await _leash.WaitForExitAsync().WaitAsync(timeout);
        return _leash.ExitCode;
    }

    /// <summary>The death of a machine that loses its power, for one process: no handler runs.</summary>
    public async Task KillAsync()
    {
        Signal(Shared.Signal.Cont);
        Signal(Shared.Signal.Kill);
        await _leash.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _leash.StandardInput.Close();
        await _leash.WaitForExitAsync();
        _leash.Dispose();
    }

    private async Task StartAsync()
    {
        _leash.OutputDataReceived += (_, line) => Receive(line.Data);
        _leash.ErrorDataReceived += (_, line) => Output.Add(line.Data);
        _leash.Start();
        _leash.BeginOutputReadLine();
        _leash.BeginErrorReadLine();
        Id = await _id.Task.WaitAsync(StartTimeout);
    }

    private void Receive(string? line)
    {
        // The leash speaks first and says one thing: the id of the command it started.
        if (_id.Task.IsCompleted)
        {
            Output.Add(line);
        }
        else if (int.TryParse(line, CultureInfo.InvariantCulture, out var id))
        {
            _id.SetResult(id);
        }
        else
        {
            _id.TrySetException(new InvalidOperationException($"The process did not start: {line}{Environment.NewLine}{Output}"));
        }
    }
}
