using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Telemetry;
using Darq.Testing.Calls;
using Darq.Testing.Scheduling;
using Darq.Testing.Server;
using Microsoft.Extensions.Logging;

namespace Darq.Testing.Hosting;

/// <summary>
/// One process of the component with its sidecar, on the simulated Redis. What is under way when it is killed is never answered.
/// </summary>
internal sealed class ComponentProcess(
    SimulationThread thread,
    Loop loop,
    FakeServer server,
    Random random,
    ILoggerFactory logs,
    string name
)
{
    public const string Group = "app";

    public static readonly NamespaceOptions Namespace = new()
    {
        Name = "test",
        Partitions = 4,
        Durability = new(DurabilityKind.Reply),
    };

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

    private readonly SimulatedProcess _process = new(loop, name);
    private readonly AppPresence _app = new();
    private int _calls;

    public Primary Primary { get; private set; } = null!;

    public SubscriptionTable Subscriptions { get; private set; } = null!;

    public Publisher Publisher { get; private set; } = null!;

    public StateStore State { get; private set; } = null!;

    public StepExecutor Steps { get; private set; } = null!;

    public SidecarDeadLetters DeadLetters { get; private set; } = null!;

    public TimeProvider Time => _process.Time;

    /// <summary>Connects to Redis.</summary>
    public Task StartAsync() =>
        AskAsync(async () =>
        {
            var redis = new FakeRedis(loop, _process, server, new Weather(random), CallTimeout);
            Primary = new(redis, Namespace, Time, random, logs);
            Subscriptions = new(Primary, Time, random, logs);
            Publisher = new(Primary, Namespace);
            State = new(Primary, Namespace);
            Steps = new(Primary, Subscriptions, Namespace, Time, random, logs.CreateLogger("Darq.Engine.Steps"));
            DeadLetters = new(Primary, Subscriptions, Time);
            return await Primary.ConnectAsync(HandshakeTimeout, CancellationToken.None);
        });

    public Task<DeliveryStream> AttachAsync(string topic, SubscriptionOptions options, IDeliverySink sink) =>
        AskAsync(() => Task.FromResult(Subscriptions.Attach(Group, topic, options, sink, _app)));

    /// <summary>A delivery that is out; null where it is not. Inside the process.</summary>
    public Outstanding? FindOutstanding(DeliveryToken token) => Subscriptions.FindOutstanding(token, _app);

    /// <summary>Runs a flow inside the process, for whose end time passes. It never ends where the process is killed before.</summary>
    public Task<T> AskAsync<T>(Func<Task<T>> flow) =>
        thread.AskAsync<T>(done =>
        {
            if (!_process.Alive)
            {
                return;
            }

            Count(1);
            _process.Start(async () =>
            {
                try
                {
                    done.TrySetResult(await flow());
                }
                catch (Exception fault)
                {
                    done.TrySetException(fault);
                }
                finally
                {
                    Count(-1);
                }
            });
        });

    /// <summary>Writes a value whatever is there, under a key as the app names it.</summary>
    public Task<bool> WriteAsync(string key, byte[] json) =>
        AskAsync(async () =>
        {
            await State.ApplyAsync(new(StateChange.Upsert, StateItems.Key(key)) { Value = json }, CancellationToken.None);
            return true;
        });

    /// <summary>Runs an action inside the process. Of the simulation's thread.</summary>
    public void Do(Func<Task> action) =>
        _process.Start(async () =>
        {
            Count(1);
            try
            {
                await action();
            }
            finally
            {
                Count(-1);
            }
        });

    /// <summary>Of the simulation's thread.</summary>
    public void Kill()
    {
        Count(-_calls);
        _process.Kill();
        Forget();
    }

    /// <summary>
    /// Takes it out of what is observed of the engine, which would keep it in memory: nothing in it ends by itself. Safe to repeat, and
    /// to be called again when nothing of it runs any more.
    /// </summary>
    public void Forget()
    {
        LiveObjects.Forget(Time);
        LoopMetrics.Forget(Time);
    }

    // Flows that were under way when it died go on to their end where that is at hand.
    private void Count(int change)
    {
        if (!_process.Alive)
        {
            return;
        }

        _calls += change;
        thread.Calls += change;
    }
}
