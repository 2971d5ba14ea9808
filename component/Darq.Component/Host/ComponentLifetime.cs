using Darq.Component.Admin;
using Darq.Component.Components;
using Darq.Component.Configuration;
using Darq.Component.Instances;
using Darq.Component.Telemetry;

namespace Darq.Component.Host;

/// <summary>
/// Start line, readiness, and the stop in reverse data flow. (1) No new deliveries. (2) Handlers finish and their answers come in,
/// for a few seconds at most. (3) Streams end. (4) The server finishes its calls and removes the socket. (5) Instances and engines
/// send the last acks and disconnect from Redis.
/// </summary>
internal sealed class ComponentLifetime(
    SocketOptions socket,
    SocketWatch watch,
    InitFolder folder,
    InstanceTable instances,
    EnginePool engines,
    DeliveryDrain drain,
    HealthService health,
    StreamRegister streams,
    SidecarRestart restart,
    AdminSocket admin,
    MetricExport metrics,
    TimeProvider time,
    ILogger<ComponentLifetime> log
) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan HandlersTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReadinessPause = TimeSpan.FromMilliseconds(500);

    private IReadOnlyList<InitRecord> _before = [];

    /// <summary>What is kept is read before the first sidecar connects: then it is from before a restart.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await instances.StartAsync();
        _before = folder.All();
        streams.Recall(_before);
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        log.ComponentStarted(
            socket.FullPath,
            socket.ModeText,
            ProcessOwner.Read(),
            "PubSub, StateStore, TransactionalStateStore, TransactionalStoreMultiMaxSize, InputBinding, OutputBinding"
        );
        watch.Begin();
        admin.Announce(log);
        metrics.Start();
        restart.Begin(_before);
        var waiting = _before.Where(record => record.Service is ComponentService.PubSub or ComponentService.InputBinding).ToArray();
        if (waiting.Length > 0)
        {
            log.SubscriptionsWaitForSidecar(
                string.Join(", ", waiting.Select(record => $"{record.Service} '{record.Instance}' of {record.Process}"))
            );
        }

        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        health.Stop();
        // Step 1, before the line that announces it.
        instances.Stop();
        await restart.DisposeAsync();
        log.ComponentStops();
        // Steps 2 and 3.
        await drain.RunAsync(HandlersTime, cancellationToken);
    }

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        // Step 5; the server did step 4 in between.
        await instances.DisposeAsync();
        await engines.DisposeAsync();
    }

    /// <summary>
    /// The process serves while every primary in use is ready. Polled, because a lost connection raises no event here; an outage and the
    /// loss of the socket are logged on the way.
    /// </summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(ReadinessPause, time);
        var ready = true;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            engines.Watch();
            watch.Look();
            if (engines.Ready == ready)
            {
                continue;
            }

            ready = !ready;
            health.Set("", ready);
        }
    }
}
