using System.Diagnostics;
using System.Runtime.InteropServices;
using Darq.Sidecar.Apps;
using Darq.Sidecar.Components;
using Darq.Sidecar.Delivery;
using Darq.Sidecar.GrpcApi;
using Darq.Sidecar.HttpApi;
using Darq.Sidecar.Operations;
using Darq.Sidecar.Resources;

namespace Darq.Sidecar.Startup;

/// <summary>
/// The life of the sidecar in daprd's order. Start: 1. discover; 2. read resources; 3. init components one by one; 4. open the APIs;
/// 5. wait for the app, ask it, open its streams. Stop: 6. close the APIs and drain the streams, at the same time; 7. close connections.
/// </summary>
internal sealed class SidecarProcess(SidecarFlags flags, SidecarEnvironment environment) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Health _health = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>Runs until told to stop; the result is the process's exit code.</summary>
    public async Task<int> RunAsync()
    {
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        try
        {
            return await RunUntilStoppedAsync();
        }
        catch (StartException fault)
        {
            SidecarLog.Error($"Fatal error from runtime: {fault.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return 0;
        }
    }

    private async Task<int> RunUntilStoppedAsync()
    {
        if (flags.HasConfiguration)
        {
            SidecarLog.Warn("the Dapr configuration given by --config is not read by the stand-in sidecar");
        }
        // Steps 1 to 3.
        var sockets = await SocketDiscovery.FindAsync(environment.SocketsFolder, _stop.Token);
        var resources = ResourceReader.Read(
            flags.ResourcesPaths,
            new(flags.AppId, environment.Namespace ?? "default", environment.PodName),
            flags.AppId
        );
        var components = await new ComponentLoader(sockets, flags.AppId, environment.Namespace).LoadAsync(
            resources.Components,
            _stop.Token
        );
        using var app = flags.AppPort is { } port ? AppOf(new(flags.AppAddress, port)) : null;
        using var deliveries = app is null ? null : new AppDeliveries(components, app, resources.Subscriptions, environment.Concurrent);
        var streaming = new StreamingSubscriptions(environment.Concurrent);
        // Step 4.
        var outboxes = new Outboxes(components, flags.AppId, environment.Namespace ?? "default");
        using var forwarding = new OutboxDeliveries(components, outboxes, environment.Concurrent);
        var operations = Operations(components, outboxes, () => [.. deliveries?.Subscriptions ?? [], .. streaming.Subscriptions]);
        using var http = new HttpServer(Router(operations), flags.HttpPort);
        using var grpc = new GrpcServer(new(operations, new(components, streaming)), new(environment.ApiToken), flags.GrpcPort);
        await grpc.StartAsync(_stop.Token);
        await http.StartAsync(_stop.Token);
        _health.OutboundIsReady();
        // Step 5.
        await ServeAppAsync(deliveries, forwarding);
        // Steps 6 and 7.
        var drained = await StopAsync(
            http.StopAsync,
            grpc.StopAsync,
            _ => forwarding.StopAsync(),
            _ => streaming.StopAsync(),
            _ => deliveries?.StopAsync() ?? Task.CompletedTask
        );
        components.Close();
        return drained ? 0 : 1;
    }

    private IApp AppOf(AppPort port) =>
        flags.AppProtocol == "grpc" ? new GrpcApp(port, environment.AppToken) : new HttpApp(port, new(flags, port, environment));

    private ApiOperations Operations(
        ComponentRegistry components,
        Outboxes outboxes,
        Func<IReadOnlyList<SubscriptionManifest>> subscriptions
    )
    {
        var stores = new StateStores(components, flags.AppId);
        return new(
            new(components, flags.AppId),
            stores,
            new(stores, outboxes),
            new(components),
            new(flags, components, subscriptions),
            Stop
        );
    }

    private ApiRouter Router(ApiOperations operations) =>
        new(
            new(operations.Publisher),
            new(operations.Publisher, flags.AppId),
            new(operations.Stores),
            new(operations.Transactions),
            new(operations.Bindings),
            new(operations.Metadata, _health, flags.AppId, operations.Shutdown),
            environment.ApiToken
        );

    private async Task ServeAppAsync(AppDeliveries? deliveries, OutboxDeliveries forwarding)
    {
        try
        {
            if (deliveries is not null)
            {
                await deliveries.StartAsync(_stop.Token);
                await forwarding.StartAsync();
            }

            _health.EverythingIsReady();
            SidecarLog.Info($"dapr initialized. Status: Running. Init Elapsed {_watch.ElapsedMilliseconds}ms");
            await Task.Delay(Timeout.Infinite, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            SidecarLog.Info("dapr shutting down");
        }
    }

    private async Task<bool> StopAsync(params Func<CancellationToken, Task>[] parts)
    {
        using var grace = new CancellationTokenSource(flags.GracePeriod);
        try
        {
            await Task.WhenAll(parts.Select(part => part(grace.Token))).WaitAsync(flags.GracePeriod);
            return true;
        }
        catch (TimeoutException)
        {
            SidecarLog.Error($"graceful shutdown timed out after {flags.GracePeriod.TotalSeconds}s");
            return false;
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Stop();
    }

    private void Stop() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();
}
