using System.Globalization;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract.Replays;

/// <summary>
/// The Redis and the component of many replays, one after the other. Each has a namespace of its own; the component begins anew before
/// its metrics count further namespaces together.
/// </summary>
public sealed class ReplayStage : IAsyncLifetime
{
    private const int NamespacesMax = 40;

    private int _namespaces;
    private int _sinceStart;
    private int _linesBefore;

    internal RedisServer Redis { get; private set; } = null!;

    internal ComponentProcess Component { get; private set; } = null!;

    internal AdminClient Admin { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        Component = await ComponentProcess.StartWithAdminAsync();
        Admin = await AdminClient.OfAsync(Component);
    }

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await Component.DisposeAsync();
        await Redis.DisposeAsync();
    }

    internal async Task PrepareAsync()
    {
        if (_sinceStart >= NamespacesMax)
        {
            await Component.KillAsync();
            await RestartAsync();
        }

        _linesBefore = Component.Process.Output.All.Count;
    }

    internal string NextNamespace()
    {
        _sinceStart++;
        return string.Create(CultureInfo.InvariantCulture, $"replay-{++_namespaces}");
    }

    internal async Task RestartAsync()
    {
        (_sinceStart, _linesBefore) = (0, 0);
        Admin.Dispose();
        await Component.RestartAsync();
        Admin = await AdminClient.OfAsync(Component);
    }

    /// <summary>What the component logged as an error since the replay began.</summary>
    internal IEnumerable<string> Errors() =>
        Component.Process.Output.All.Skip(_linesBefore).Where(line => line.Contains("Z fail: ") || line.Contains("Z crit: "));
}
