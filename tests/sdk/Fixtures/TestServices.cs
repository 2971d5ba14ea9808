using Darq.Sidecar;
using Darq.Steps;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Darq.Tests.Sdk.Fixtures;

/// <summary>The SDK's services on a fake sidecar and a clock that the test turns.</summary>
internal sealed class TestServices : IDisposable
{
    public const string Token = "24a8a34aa1f707fd:7:1795996564664-2:2:shop:orders:m-1";

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly ServiceProvider _services;

    public TestServices(Action<DarqOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<ISidecar>(Sidecar);
        services.AddSingleton<TimeProvider>(Time);
        services.AddDarqClient(options =>
        {
            (options.PubSub, options.StateStore) = ("bank", "ledger");
            configure?.Invoke(options);
        });
        _services = services.BuildServiceProvider();
    }

    public FakeSidecar Sidecar { get; } = new();

    public TimeSpan ProcessingTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    public FakeTimeProvider Time { get; } = new();

    public IServiceProvider Services => _services;

    public IDarqClient Client => _services.GetRequiredService<IDarqClient>();

    /// <summary>Runs a handler as the step of a delivery.</summary>
    public Task<StepResult> RunAsync(Func<Step, Task> handler, CancellationToken cancellationToken = default) =>
        InTimeAsync(StartAsync(handler, cancellationToken));

    /// <summary>The same, while the test turns the clock itself.</summary>
    public Task<StepResult> StartAsync(Func<Step, Task> handler, CancellationToken cancellationToken = default)
    {
        var source = new StepSource(Token, "m-1")
        {
            Topic = "orders",
            IdempotencyKey = "orders/3/m-1",
            ProcessingTimeout = ProcessingTimeout,
            Headers = new Dictionary<string, string> { ["darq-position"] = "3:1795996564664-2", ["darq-world-line"] = "1795996564664" },
        };
        return _services.GetRequiredService<StepRunner>().RunAsync(source, handler, cancellationToken);
    }

    public Task<StepResult> RunAsync(Action<Step> handler) => RunAsync(Returning(handler));

    public Task<StepResult> StartAsync(Action<Step> handler) => StartAsync(Returning(handler));

    /// <summary>Turns the clock until the task is done.</summary>
    public async Task<T> InTimeAsync<T>(Task<T> task)
    {
        await InTimeAsync((Task)task);
        return await task;
    }

    public async Task InTimeAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            Time.Advance(Tick);
            await Task.Yield();
        }

        await task;
    }

    public void Dispose() => _services.Dispose();

    private static Func<Step, Task> Returning(Action<Step> handler) =>
        step =>
        {
            handler(step);
            return Task.CompletedTask;
        };
}
