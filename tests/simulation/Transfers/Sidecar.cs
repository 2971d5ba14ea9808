using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Testing.Scheduling;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// One sidecar beside a process's component: its streams, and how it hands deliveries to the app behind it. Its streams are lost and come
/// again, and are replaced by others with other settings.
/// </summary>
internal sealed class Sidecar(Simulation world, App app, SimulatedProcess process, Random random, string name, bool isSerial)
{
    /// <summary>Time that an app has for a message where handlers may be silent.</summary>
    public static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(2);

    private readonly AppPresence _presence = new();
    private readonly List<Sink> _sinks = [];
    private DateTimeOffset _isGoneUntil;
    private int _reloads;
    private int _numbers;

    public string Name => name;

    public string ProcessName => process.Name;

    public App App => app;

    public Simulation World => world;

    public SimulatedProcess Process => process;

    public Random Random => random;

    public bool IsSerial => isSerial;

    public AppPresence Presence => _presence;

    /// <summary>The other sidecar of the process, if there is one.</summary>
    public Sidecar? Neighbour { get; set; }

    /// <summary>Whether nothing listens where the app should be.</summary>
    public bool AppIsGone => world.Loop.Now < _isGoneUntil;

    /// <summary>Tells its streams apart.</summary>
    public int NextNumber() => ++_numbers;

    public bool IsBusy => _sinks.Exists(sink => sink.IsBusy);

    public void Subscribe(string group, string topic, Func<Delivery, Task<bool>> handle) =>
        Open(new(this, NextNumber(), group, topic, handle));

    public void Pause() => _sinks.ForEach(sink => sink.Stream!.Pause());

    /// <summary>Ends all streams.</summary>
    public async Task EndAsync()
    {
        foreach (var sink in _sinks.ToArray())
        {
            await EndAsync(sink);
        }
    }

    /// <summary>One of the streams is lost, as if the sidecar had died, and is there again later.</summary>
    public void LoseStream(TimeSpan length)
    {
        if (_sinks.Count > 0)
        {
            Lose(_sinks[random.Next(_sinks.Count)], length);
        }
    }

    public void Lose(Sink lost, TimeSpan length) =>
        process.Start(async () =>
        {
            if (!_sinks.Contains(lost))
            {
                return;
            }

            await EndAsync(lost);
            await Task.Delay(length, process.Time);
            if (!app.Stopping)
            {
                Open(lost.Again());
            }
        });

    /// <summary>A stream is replaced by one with other settings, which is opened before or after the older one is closed.</summary>
    public void Reload(TimeSpan overlap) =>
        process.Start(async () =>
        {
            if (_sinks.Count == 0)
            {
                return;
            }

            _reloads++;
            var older = _sinks[random.Next(_sinks.Count)];
            if (random.Next(2) == 0)
            {
                Open(older.Again());
                await Task.Delay(overlap, process.Time);
                await EndIfOpenAsync(older);
                return;
            }

            await EndAsync(older);
            if (!app.Stopping)
            {
                Open(older.Again());
            }
        });

    public void LoseApp(TimeSpan length) => _isGoneUntil = world.Loop.Now + length;

    /// <summary>Time that an app has for a message.</summary>
    public static TimeSpan TimeoutOf(Simulation world) => world.Has(Hazards.SilentHandlers) ? ShortTimeout : TimeSpan.FromMinutes(1);

    public Manner MannerOf(Sink sink) =>
        AppIsGone ? Manner.AppIsGone
        : !world.Weather.Stormy ? Manner.Handles
        : world.Has(Hazards.FalseAcks) && app.IsStepRequired(sink) && random.Next(6) == 0 ? Manner.AcksUnseen
        : !world.Has(Hazards.SilentHandlers) ? Manner.Handles
        : random.Next(16) switch
        {
            0 or 1 => Manner.Late,
            2 => Manner.AsksForTime,
            3 when random.Next(3) == 0 => Manner.NeverAnswers,
            _ => Manner.Handles,
        };

    /// <summary>Whether the neighbour answers a delivery of this sidecar.</summary>
    public bool Strays() => world.Has(Hazards.StrayAnswers) && world.Weather.Stormy && random.Next(4) == 0;

    /// <summary>The silence before a handler begins.</summary>
    public async Task WaitAsync(Sink sink, Manner manner, Delivery delivery)
    {
        switch (manner)
        {
            case Manner.Late:
                world.Happened(Hazards.SilentHandlers, $"{name} is silent on {delivery.Message.Id}");
                await Task.Delay(TimeSpan.FromMilliseconds(2000 + random.Next(2500)), process.Time);
                break;
            case Manner.NeverAnswers:
                world.Happened(Hazards.SilentHandlers, $"{name} never answers {delivery.Message.Id}");
                await Task.Delay(TimeSpan.FromMilliseconds(4000 + random.Next(4000)), process.Time);
                Lose(sink, TimeSpan.FromMilliseconds(random.Next(1500)));
                break;
            case Manner.AsksForTime:
                world.Happened(Hazards.SilentHandlers, $"{name} asks for more time for {delivery.Message.Id}");
                for (var left = 2 + random.Next(4); left > 0; left--)
                {
                    await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
                    if (app.Extend(delivery.Token))
                    {
                        world.AtWork.Extend(ProcessName, delivery.Token, world.Loop.Now + ShortTimeout);
                    }
                }

                break;
        }
    }

    /// <summary>The stream on which this sidecar takes part in a subscription; null where it has none.</summary>
    public DeliveryStream? StreamOf(string group, string topic) => _sinks.Find(sink => (sink.Group, sink.Topic) == (group, topic))?.Stream;

    private void Open(Sink sink)
    {
        sink.Stream = app.Attach(sink, OptionsOf(sink.Group));
        _sinks.Add(sink);
    }

    private Task EndIfOpenAsync(Sink sink) => _sinks.Contains(sink) ? EndAsync(sink) : Task.CompletedTask;

    private async Task EndAsync(Sink sink)
    {
        _sinks.Remove(sink);
        sink.Abandon();
        app.Detach(sink);
        await sink.Stream!.DisposeAsync();
    }

    /// <summary>
    /// Messages of serial apps move to the retry queue at every failure, those of others at some. Only the watchers give a message up. A
    /// serial sidecar with a hanging app has nothing unread. Each reload changes the delays, and lets movers be done only by steps.
    /// </summary>
    private SubscriptionOptions OptionsOf(string group)
    {
        var (isReloaded, isSilent) = (_reloads > 0, world.Has(Hazards.SilentHandlers));
        var isStepRequired = group == Bank.Movers && world.Has(Hazards.FalseAcks) && (isReloaded || !world.Has(Hazards.HotReload));
        return new()
        {
            Order = isReloaded && random.Next(3) == 0 ? Order.Partition : Order.Key,
            Concurrent = !isSerial && !world.Has(Hazards.WideWindows),
            MaxInFlight =
                isSerial && isSilent ? 1
                : world.Has(Hazards.WideWindows) ? 16
                : 4,
            RetryDelay = TimeSpan.FromMilliseconds((group == Bank.Watchers ? 600 : 200) * (isReloaded ? 0.5 : 1)),
            MaxRetryDelay = TimeSpan.FromSeconds(3),
            RetryQueueAfter = TimeSpan.FromMilliseconds(isSerial == isReloaded ? 300 : 0),
            MaxDeliveries = group == Bank.Watchers ? Bank.MaxDeliveries : 0,
            ProcessingTimeout = isSilent ? ShortTimeout : TimeSpan.FromMinutes(1),
            RequireStep = isStepRequired,
        };
    }
}
