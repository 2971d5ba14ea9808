using Microsoft.Extensions.Hosting;

namespace Darq.Testing.Apps;

/// <summary>
/// Leaves signals to the process of the test: otherwise SIGTERM and Ctrl+C would stop the app, and the test would go on without it.
/// </summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
