using System.Globalization;
using Darq.Testing.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>What is done to the processes and to Redis while the storm lasts. Whatever is begun ends by itself, also after it.</summary>
internal sealed class Storm
{
    private readonly Simulation _world;
    private readonly Random _random;
    private readonly App[] _apps;
    private readonly StormHazards _hazards;
    private int _starts;

    public Storm(Simulation world, int processes)
    {
        (_world, _random) = (world, world.Random);
        _apps = [.. Enumerable.Range(0, processes).Select(place => NewApp(place, processes))];
        _hazards = new StormHazards(world, _apps);
    }

    public IReadOnlyList<App> Apps => _apps;

    private FakeServer Server => _world.Server;

    public void Begin()
    {
        _world.Weather.Stormy = true;
        Trouble();
        _hazards.Begin();
    }

    public void End()
    {
        _world.Bank.Fault("the storm is over");
        _world.Weather.Stormy = false;
    }

    public bool MayCrash(Transfer transfer) => _hazards.MayCrash(transfer);

    private App NewApp(int place, int processes)
    {
        string[] keys = [.. _world.Bank.Transfers.Keys.Where((_, i) => i % processes == place)];
        return new App(_world, string.Create(CultureInfo.InvariantCulture, $"app{place}.{++_starts}"), keys);
    }

    private void Trouble()
    {
        if (!_world.Weather.Stormy)
        {
            return;
        }

        var place = _random.Next(_apps.Length);
        var length = Milliseconds(_random.Next(4) == 0 ? 8000 : 1500);
        switch (_random.Next(12))
        {
            case 0 or 1:
                Crash(place, length);
                break;
            case 2 or 3:
                Pause(_apps[place], length);
                break;
            case 4:
                RestartRedis(length);
                break;
            case 5 or 6:
                FailOverAndBack(times: 1 + _random.Next(3));
                break;
            case 7:
                StopOrderly(place, length);
                break;
            case 8:
                LoseStream(_apps[place], length);
                break;
            default:
                Break($"{_apps[place].Name} was cut off", _apps[place].CutConnection);
                break;
        }
        _world.Loop.After(Milliseconds(2500), Trouble);
    }

    private void Crash(int place, TimeSpan length)
    {
        if (!_apps[place].Alive)
        {
            return;
        }

        Break($"{_apps[place].Name} was killed", _apps[place].Kill);
        _world.Loop.After(length, () => StartAgain(place));
    }

    private void StopOrderly(int place, TimeSpan length)
    {
        if (!_apps[place].Alive || _apps[place].Stopping)
        {
            return;
        }

        Break(
            $"{_apps[place].Name} is stopped",
            () =>
                _apps[place]
                    .Stop(() =>
                    {
                        _world.Bank.Fault($"{_apps[place].Name} has stopped");
                        _world.Loop.After(length, () => StartAgain(place));
                    })
        );
    }

    private void StartAgain(int place)
    {
        if (_apps[place].Alive)
        {
            return;
        }

        _apps[place] = NewApp(place, _apps.Length);
        Break($"{_apps[place].Name} was started", _apps[place].Start);
        _world.Loop.After(TimeSpan.FromMilliseconds(1), _apps[place].Work);
    }

    private void LoseStream(App app, TimeSpan length)
    {
        if (app.Alive && !app.Stopping)
        {
            Break($"{app.Name} lost a stream", () => app.AnySidecar().LoseStream(length));
        }
    }

    private void Pause(App app, TimeSpan length)
    {
        if (app.Paused)
        {
            return;
        }

        Break($"{app.Name} was paused for {length}", app.Pause);
        _world.Loop.After(length, app.Resume);
    }

    /// <summary>At times the replica takes over while the primary is down, which then comes back as its replica.</summary>
    private void RestartRedis(TimeSpan length)
    {
        if (!Server.Primary.Up || !Server.Replica.Up)
        {
            return;
        }

        Break($"Redis {Server.Primary.Name} went down for {length}", Server.Stop);
        if (_random.Next(3) == 0)
        {
            _world.Loop.After(length / 2, () => Break($"Redis {Server.Replica.Name} took over", Server.FailOver));
        }

        _world.Loop.After(length, () => Break("Redis came up", () => Server.Restart()));
    }

    private void FailOverAndBack(int times)
    {
        FailOver();
        _world.Loop.After(Milliseconds(1000), FailOver);
        if (times > 1)
        {
            _world.Loop.After(Milliseconds(2000), () => FailOverAndBack(times - 1));
        }
    }

    private void FailOver()
    {
        if (Server.Primary.Up && Server.Replica.Up)
        {
            Break($"Redis failed over to {Server.Replica.Name}", Server.FailOver);
        }
    }

    private TimeSpan Milliseconds(int most) => TimeSpan.FromMilliseconds(_random.Next(most));

    private void Break(string what, Action action)
    {
        _world.Bank.Fault(what);
        action();
    }
}
