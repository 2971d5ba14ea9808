using Darq.Engine.Core;
using Darq.Testing.Apps;
using Darq.Testing.Calls;
using Darq.Testing.Crashes;
using Darq.Testing.Messages;
using Darq.Testing.Scheduling;
using Darq.Testing.Server;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Testing.Hosting;

/// <summary>Redis, the clock, and the process of the app that lives at present; each crash brings another one.</summary>
internal sealed class World : IAsyncDisposable
{
    private readonly Func<SidecarChannel, TimeProvider, IApp> _createApp;
    private readonly List<AppProcess> _processes = [];
    private readonly Random _random;
    private Loop _loop = null!;
    private AppProcess? _current;
    private Task _starting = Task.CompletedTask;
    private bool _isDisposed;

    public World(DarqTestOptions options, Func<SidecarChannel, TimeProvider, IApp> createApp)
    {
        (Options, _createApp, _random) = (options, createApp, new Random(options.Seed));
        Thread = new(_random, options.HandlerTimeout);
        Dispatcher = new(this, options.MaxConcurrentHandlers);
    }

    public DarqTestOptions Options { get; }

    public SimulationThread Thread { get; }

    public Dispatcher Dispatcher { get; }

    public FakeServer Server { get; private set; } = null!;

    public AppendedMessages Appended { get; private set; } = null!;

    public Books Books { get; private set; } = null!;

    public CloudEvents Events { get; private set; } = null!;

    public CrashPlan Crashes { get; } = new();

    public CompetingWrites Competing { get; private set; } = null!;

    public async Task StartAsync()
    {
        _loop = await Thread.Started.ConfigureAwait(false);
        Thread.Ask(() =>
        {
            Server = new FakeServer(() => _loop.Now, _random);
            (Appended, Books) = (new(Server), new(Server));
            Events = new(_random, new HostTime(Thread));
            Competing = new(Server, Crashes, Options.JsonSerializerOptions);
            return true;
        });
        await StartProcessAsync().ConfigureAwait(false);
    }

    /// <summary>Does something when so much time has passed. Of the simulation's thread.</summary>
    public void After(TimeSpan delay, Action action) => _loop.After(delay, action);

    public IApp CreateApp(SidecarChannel channel, TimeProvider time) => _createApp(channel, time);

    /// <summary>The process that is running, once it is.</summary>
    public async Task<AppProcess> ProcessAsync()
    {
        await Thread.Ask(() => _starting).ConfigureAwait(false);
        return _current!;
    }

    /// <summary>A call of the app. Its answer never comes where the process dies at it, or has died; null for an unknown method.</summary>
    public async Task<IMessage?> CallAsync(AppProcess process, DaprCall? call, string? delivery)
    {
        if (call is null)
        {
            return null;
        }

        var (moment, competing) = await Thread
            .AskAsync<(Moment?, CompetingWrite?)>(done => Begin(process, call, delivery, done))
            .ConfigureAwait(false);
        await WriteAsync(process, competing).ConfigureAwait(false);
        IMessage? answer = null;
        Exception? fault = null;
        try
        {
            answer = await process.Component.AskAsync(call.ServeAsync).ConfigureAwait(false);
        }
        catch (Exception refused)
        {
            fault = refused;
        }

        var tookEffect = fault is null && !BindingCalls.IsRefused(answer);
        var fails = await Thread
            .AskAsync<bool>(done =>
            {
                if (process.IsAlive && !(moment is not null && Dies(moment.After(tookEffect))))
                {
                    done.TrySetResult(moment is not null && Crashes.Fails(moment.Failed()));
                }
            })
            .ConfigureAwait(false);
        return fails ? throw CallFault.Of(StatusCode.Unavailable, "the answer was lost, as the crash point says")
            : fault is null ? answer
            : throw fault;
    }

    /// <summary>What another step writes before a delivery; null for nothing. Of the simulation's thread.</summary>
    public CompetingWrite? FirstWrite(Moment delivery) => Told(() => Competing.BeforeHandler(delivery));

    /// <summary>Another step writes, if there is something to write; what refuses that ends the wait of the test.</summary>
    public async Task WriteAsync(AppProcess process, CompetingWrite? write)
    {
        try
        {
            if (write is not null)
            {
                await process.Component.WriteAsync(write.Key, write.Json).ConfigureAwait(false);
            }
        }
        catch (Exception fault) when (fault is DarqException or RpcException)
        {
            Thread.Post(() => Thread.Fail(new DarqTestException($"Another step cannot write '{write!.Key}': {fault.Message}", fault)));
        }
    }

    /// <summary>A delivery has come to a moment. If its process dies at it, another one starts. Of the simulation's thread.</summary>
    public bool Dies(Moment moment)
    {
        if (!Crashes.Reaches(moment))
        {
            return false;
        }

        _current!.Kill();
        Dispatcher.Abandon($"the process died {moment}");
        const string Start = "the start of the app after a crash";
        Thread.Outside.Add(Start);
        _starting = Task.Run(async () =>
        {
            try
            {
                await StartProcessAsync().ConfigureAwait(false);
            }
            catch (Exception fault)
            {
                Thread.Post(() => Thread.Fail(new DarqTestException("The app did not start again after a crash: " + fault.Message, fault)));
                throw;
            }
            finally
            {
                Thread.Post(() => Thread.Outside.Remove(Start));
            }
        });
        return true;
    }

    /// <summary>What the process that runs subscribes to. Of the simulation's thread.</summary>
    public IReadOnlyList<AppSubscription> Subscriptions => _current!.Subscriptions;

    /// <summary>Whether nothing is left to do. Of the simulation's thread.</summary>
    public bool IsIdle() => Dispatcher.IsIdle && Subscriptions.All(subscription => Books.Waiting(subscription.Topic) == 0);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        Thread.EndWait();
        // A start may hang in a call, or in something that no test can end.
        var processes = _processes.ToArray();
        Array.ForEach(processes, process => process.EndCalls());
        await _starting.WaitAsync(Options.HandlerTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var process in processes)
        {
            await process.DisposeAsync().ConfigureAwait(false);
        }

        Thread.Dispose();
        // Only now nothing of them runs any more, also of those that were killed.
        Array.ForEach(processes, process => process.Component.Forget());
        Server?.Dispose();
    }

    private async Task StartProcessAsync()
    {
        var process = Thread.Ask(() =>
        {
            var number = _processes.Count + 1;
            // A process draws from its own seed, so that the ids that it makes do not depend on what else was drawn before.
            var started = new AppProcess(this, _loop, Server, Events, new Random(SeedOf(number)), number);
            _processes.Add(started);
            return _current = started;
        });
        await process.StartAsync((owner, subscription) => new AppSink(owner, subscription, Dispatcher.Receive)).ConfigureAwait(false);
    }

    private int SeedOf(int process) => unchecked((Options.Seed * 397) ^ process);

    /// <summary>
    /// Numbers the call, in the delivery that it belongs to, and tells what another step writes before it. Of the simulation's thread.
    /// </summary>
    private void Begin(AppProcess process, DaprCall call, string? delivery, TaskCompletionSource<(Moment?, CompetingWrite?)> done)
    {
        if (!process.IsAlive)
        {
            return;
        }

        if (call.IsProbe || Dispatcher.Find(delivery) is not { } running)
        {
            done.TrySetResult((null, null));
            return;
        }

        var moment = running.Before(call);
        if (!Dies(moment))
        {
            done.TrySetResult((moment, moment.IsCommit ? Told(() => Competing.BeforeCommit(moment, running.Read)) : null));
        }
    }

    /// <summary>What a test cannot tell ends the wait of that test, and not the call of its app.</summary>
    private CompetingWrite? Told(Func<CompetingWrite?> write)
    {
        try
        {
            return write();
        }
        catch (DarqTestException fault)
        {
            Thread.Fail(fault);
            return null;
        }
    }

    private sealed class HostTime(SimulationThread thread) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => thread.Now;
    }
}
