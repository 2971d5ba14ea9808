namespace Darq.Tests.Shared;

/// <summary>A process of a test's own with a temp folder. It can be killed (SIGKILL) and started again on what lies there.</summary>
internal abstract class RestartableProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    public ChildProcess Process => Running ?? throw new InvalidOperationException($"The process of {GetType().Name} does not run.");

    protected TempFolder Files { get; } = new();

    protected ChildProcess? Running { get; private set; }

    public async Task KillAsync()
    {
        if (Running is null)
        {
            return;
        }

        await Running.KillAsync();
        await Running.DisposeAsync();
        Running = null;
    }

    /// <summary>Kills if it runs, and starts again.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await RunAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Running is not null)
        {
            await Running.DisposeAsync();
        }

        Files.Dispose();
    }

    protected static async Task<T> StartAsync<T>(T process)
        where T : RestartableProcess
    {
        try
        {
            await process.RunAsync();
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    protected abstract Task<ChildProcess> LaunchAsync();

    /// <summary>Whether it does what it was started for; asked until it does.</summary>
    protected abstract Task<bool> IsReadyAsync();

    /// <summary>What is true then, as a sentence.</summary>
    protected abstract string Readiness { get; }

    private async Task RunAsync()
    {
        Running = await LaunchAsync();
        await Running.ReadyAsync(IsReadyAsync, StartTimeout, Readiness);
    }
}
