using Darq.Testing.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>Brings about the hazards of the forecast that no delivery brings along. Each ends by itself, also after the storm.</summary>
internal sealed class StormHazards
{
    /// <summary>Redis' clock is never further off than this, which delays the take-over from a dead process by twice as much.</summary>
    private const int RedisAheadMaxMs = 15_000;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly Simulation _world;
    private readonly Random _random;
    private readonly App[] _apps;
    private readonly Vandal _vandal;
    private readonly Action[] _hazards;

    public StormHazards(Simulation world, App[] apps)
    {
        (_world, _random, _apps) = (world, world.Random, apps);
        _vandal = new Vandal(world);
        (Hazards Hazard, Action Strike)[] all =
        [
            (Hazards.RedisErrors, Refuse),
            (Hazards.RedisClock, SetRedisClock),
            (Hazards.ProcessClocks, SetClock),
            (Hazards.HotReload, Reload),
            (Hazards.AppGone, LoseApp),
            (Hazards.DamagedKeys, Damage),
        ];
        _hazards = [.. all.Where(one => world.Has(one.Hazard)).Select(one => one.Strike)];
    }

    private FakeServer Server => _world.Server;

    public void Begin()
    {
        if (_hazards.Length > 0)
        {
            Strike();
        }
    }

    /// <summary>Redis may lose a step that it has answered, and what came after it. True if it does.</summary>
    public bool MayCrash(Transfer transfer)
    {
        if (!_world.Weather.Stormy || !Server.Primary.Up || !Server.Replica.Up || _random.Next(6) > 0)
        {
            return false;
        }

        var lost = _world.Durability.Crash(transfer.Id, callsBefore: _random.Next(4));
        if (lost == 0)
        {
            return false;
        }

        _world.Happened(Hazards.SuffixLoss, $"Redis {Server.Primary.Name} crashes and loses {lost} calls, with the step of {transfer.Id}");
        _world.Loop.After(Milliseconds(1500), () => Server.Restart(lost));
        return true;
    }

    private void Strike()
    {
        if (_world.Weather.Stormy)
        {
            _hazards[_random.Next(_hazards.Length)]();
            _world.Loop.After(Milliseconds(3000), Strike);
        }
    }

    private void Refuse()
    {
        if (Server.ServerError is not null)
        {
            return;
        }

        var (error, length) = (ServerError.All[_random.Next(ServerError.All.Count)], Milliseconds(_random.Next(4) == 0 ? 7000 : 2000));
        _world.Happened(Hazards.RedisErrors, $"{error.What} are answered {error.Code} for {length}");
        Server.ServerError = error;
        _world.Loop.After(
            length,
            () =>
            {
                _world.Bank.Fault($"no more {error.Code}");
                Server.ServerError = null;
            }
        );
    }

    private void SetRedisClock()
    {
        _world.RedisAhead = TimeSpan.FromMilliseconds(_random.Next(-RedisAheadMaxMs, RedisAheadMaxMs));
        _world.Happened(Hazards.RedisClock, $"the clock of Redis is set to be {_world.RedisAhead} ahead");
    }

    private void SetClock()
    {
        var (app, by) = (AnyApp(), Day * (2 * _random.NextDouble() - 1));
        _world.Happened(Hazards.ProcessClocks, $"the clock of {app.Name} is set by {by}");
        app.StepClock(by);
    }

    private void Reload()
    {
        if (AnyApp() is { Alive: true, Stopping: false } app)
        {
            var sidecar = app.AnySidecar();
            _world.Happened(Hazards.HotReload, $"{sidecar.Name} replaces a stream");
            sidecar.Reload(Milliseconds(2000));
        }
    }

    private void LoseApp()
    {
        var (sidecar, length) = (AnyApp().AnySidecar(), Milliseconds(3000));
        _world.Bank.Fault($"the app of {sidecar.Name} is gone for {length}");
        sidecar.LoseApp(length);
    }

    private void Damage()
    {
        if (_vandal.Damage(_random.Next(_world.Namespace.Partitions)))
        {
            _world.Loop.After(Milliseconds(4000), _vandal.Mend);
        }
    }

    private App AnyApp() => _apps[_random.Next(_apps.Length)];

    private TimeSpan Milliseconds(int most) => TimeSpan.FromMilliseconds(_random.Next(most));
}
