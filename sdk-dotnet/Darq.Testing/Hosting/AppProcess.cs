using System.Diagnostics;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Testing.Apps;
using Darq.Testing.Calls;
using Darq.Testing.Messages;
using Darq.Testing.Scheduling;
using Darq.Testing.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Darq.Testing.Hosting;

/// <summary>A process of the app with its sidecar and component, from its start to its crash. They live and die together.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    private readonly World _world;
    private readonly SidecarChannel _channel;
    private readonly DaprCalls _calls;
    private readonly AppTime _time;
    private readonly IApp _app;
    private volatile bool _isStarted;

    public AppProcess(World world, Loop loop, FakeServer server, CloudEvents events, Random random, int number)
    {
        _world = world;
        var logs = new EngineLog(() => _isStarted ? Services : null);
        Component = new(world.Thread, loop, server, random, logs, $"process{number}");
        _calls = new(Component, events, () => AppComponents.Of(Subscriptions, _isStarted ? Services : null));
        _time = new(world.Thread, loop);
        _channel = new() { Serve = (method, message, delivery) => world.CallAsync(this, _calls.Find(method, message), delivery) };
        _app = world.CreateApp(_channel, _time);
    }

    public ComponentProcess Component { get; }

    public HttpClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    /// <summary>What the app asks of its sidecar to be heard; null for nothing.</summary>
    public string? ApiToken => Services.GetService<IConfiguration>()?["APP_API_TOKEN"] is { Length: > 0 } token ? token : null;

    public IReadOnlyList<AppSubscription> Subscriptions { get; private set; } = [];

    /// <summary>What the app logged of a delivery that failed, once; null for nothing.</summary>
    public DeliveryFailures.Failure? TakeFailure(string delivery) => _app.TakeFailure(delivery);

    /// <summary>Of the simulation's thread.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>1. Connects to Redis. 2. Starts the app. 3. Asks it what it subscribes to. 4. Opens its streams.</summary>
    public async Task StartAsync(Func<AppProcess, AppSubscription, AppSink> sinkOf)
    {
        await Component.StartAsync().ConfigureAwait(false);
        Client = await StartAppAsync().ConfigureAwait(false);
        _isStarted = true;
        Subscriptions = await AppSubscription.AskAsync(Client).ConfigureAwait(false);
        foreach (var subscription in Subscriptions)
        {
            var sink = sinkOf(this, subscription);
            sink.Stream = await Component.AttachAsync(subscription.Topic, subscription.Options, sink).ConfigureAwait(false);
        }
    }

    /// <summary>Runs the app's own start, which may call the sidecar and wait for it.</summary>
    private async Task<HttpClient> StartAppAsync()
    {
        var timeout = _world.Options.HandlerTimeout;
        var starting = Task.Run(_app.Start);
        try
        {
            return Debugger.IsAttached ? await starting.ConfigureAwait(false) : await starting.WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException late) when (!starting.IsCompleted)
        {
            throw new DarqTestException(
                $"The app has not started within {timeout.TotalSeconds} s of real time (HandlerTimeout). {_app.DescribeStart()} "
                    + await _world.Thread.AskAsync<string>(done => done.TrySetResult(_world.Thread.DescribeTimers())).ConfigureAwait(false),
                late
            );
        }
    }

    /// <summary>Nothing of it is answered any more. Of the simulation's thread.</summary>
    public void Kill()
    {
        IsAlive = false;
        Component.Kill();
        _time.Kill();
    }

    /// <summary>Lets go of calls that hang.</summary>
    public void EndCalls() => _channel.End();

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        _channel.End();
        Client?.Dispose();
        await _app.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>Where the component brings the messages of one subscription of one process.</summary>
internal sealed class AppSink(AppProcess process, AppSubscription subscription, Action<AppSink, Delivery> received) : IDeliverySink
{
    public AppProcess Process => process;

    public AppSubscription Subscription => subscription;

    public DeliveryStream Stream { get; set; } = null!;

    public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
    {
        received(this, delivery);
        return ValueTask.CompletedTask;
    }
}
