using System.Globalization;
using Darq.Partitions;
using Darq.Tests.Shared.History;
using Darq.Tests.Simulation.Scheduling;
using Darq.Tests.Simulation.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>What one simulated run is like; with the seed it decides everything.</summary>
internal sealed record Scenario(int Seed)
{
    public int Processes { get; init; } = 3;

    public int Keys { get; init; } = 5;

    public int TransfersPerKey { get; init; } = 8;

    public int Accounts { get; init; } = 4;

    public TimeSpan Storm { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long, in virtual time, everything may take to finish once the weather is calm.</summary>
    public TimeSpan Calm { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether all that happens is written down, for whoever replays a seed.</summary>
    public bool IsTold { get; init; }

    /// <summary>Changes the function library, to see whether a broken one is found out.</summary>
    public Func<string, string> Library { get; init; } = code => code;
}

/// <summary>
/// One run: several processes with the component's real code on a fake Redis with the real function library, in virtual
/// time. 1. Accounts are opened. 2. Storm: processes are killed, paused and started again, Redis restarts, connections
/// break. 3. Calm: all must finish. 4. Nothing more may come. 5. The history is judged.
/// </summary>
internal sealed class Simulation : IDisposable
{
    private readonly Scenario _scenario;
    private readonly App[] _apps;
    private readonly Invariants _invariants;
    private int _starts;

    public Simulation(Scenario scenario)
    {
        _scenario = scenario;
        Random = new Random(scenario.Seed);
        Loop = new Loop(Random);
        Weather = new Weather(Random);
        Server = new FakeServer(() => Loop.Now, Random) { Alter = scenario.Library, Overheard = scenario.IsTold ? Say : null };
        var began = Loop.Now;
        Bank = new Bank(Random, scenario.Keys, scenario.TransfersPerKey, scenario.Accounts, line =>
        {
            if (IsTold)
                Say(HistoryLog.Line(line));
            return line with { At = (Loop.Now - began).TotalSeconds };
        });
        _invariants = new Invariants(this);
        _apps = [.. Enumerable.Range(0, scenario.Processes).Select(NewApp)];
    }

    public Random Random { get; }

    public Loop Loop { get; }

    public Weather Weather { get; }

    public FakeServer Server { get; }

    public Bank Bank { get; }

    public NamespaceOptions Namespace { get; } = new() { Name = "sim", Partitions = 4, CrossPartitionSteps = CrossPartitionSteps.Allow };

    /// <summary>What was said on the way.</summary>
    public List<string> Story { get; } = [];

    public Verdict Run()
    {
        foreach (var app in _apps)
            app.Start();
        Loop.RunFor(TimeSpan.FromMilliseconds(1));
        Await("the accounts are open", done => _apps[0].OpenAccounts(done));
        _invariants.Watch();
        foreach (var app in _apps)
            app.Publish();
        Weather.Stormy = true;
        Trouble();
        Loop.RunFor(_scenario.Storm);
        Calm();
        if (!Loop.RunUntil(() => Bank.Finished, _scenario.Calm))
            Say($"{_scenario.Calm} of calm were not enough");
        Loop.RunFor(TimeSpan.FromSeconds(15));
        Await("the final amounts are read", done => _apps[0].ReadFinals(done));
        return HistoryChecker.Check(Bank.History);
    }

    public bool IsTold => _scenario.IsTold;

    public void Say(string text)
    {
        if (IsTold)
            Story.Add($"{Loop.Now:mm:ss.ffffff} {text}");
    }

    public void Dispose() => Server.Dispose();

    private App NewApp(int place)
    {
        string[] keys = [.. Bank.Transfers.Keys.Where((_, i) => i % _scenario.Processes == place)];
        return new App(this, string.Create(CultureInfo.InvariantCulture, $"app{place}.{++_starts}"), keys);
    }

    private void Await(string what, Action<Action> start)
    {
        var isDone = false;
        start(() => isDone = true);
        if (!Loop.RunUntil(() => isDone, TimeSpan.FromMinutes(1)))
            throw new TimeoutException($"Waited a minute of virtual time until {what}.");
    }

    private void Trouble()
    {
        if (!Weather.Stormy)
            return;
        var place = Random.Next(_apps.Length);
        var length = TimeSpan.FromMilliseconds(Random.Next(Random.Next(4) == 0 ? 8000 : 1500));
        switch (Random.Next(8))
        {
            case 0 or 1: Crash(place, length); break;
            case 2 or 3: Pause(_apps[place], length); break;
            case 4: RestartRedis(length); break;
            default: Break($"{_apps[place].Name} was cut off", _apps[place].CutConnection); break;
        }
        Loop.After(TimeSpan.FromMilliseconds(Random.Next(2500)), Trouble);
    }

    private void Crash(int place, TimeSpan length)
    {
        if (!_apps[place].Alive)
            return;
        Break($"{_apps[place].Name} was killed", _apps[place].Kill);
        Loop.After(length, () => StartAgain(place));
    }

    private void StartAgain(int place)
    {
        if (_apps[place].Alive)
            return;
        _apps[place] = NewApp(place);
        Break($"{_apps[place].Name} was started", _apps[place].Start);
        Loop.After(TimeSpan.FromMilliseconds(1), _apps[place].Publish);
    }

    private void Pause(App app, TimeSpan length)
    {
        if (app.Paused)
            return;
        Break($"{app.Name} was paused for {length}", app.Pause);
        Loop.After(length, app.Resume);
    }

    private void RestartRedis(TimeSpan length)
    {
        if (!Server.Up)
            return;
        Break($"Redis went down for {length}", Server.Stop);
        Loop.After(length, () => Break("Redis came up", () => Server.Restart()));
    }

    // What was begun (a pause, a restart) ends by itself.
    private void Calm()
    {
        Bank.Fault("the storm is over");
        Weather.Stormy = false;
    }

    private void Break(string what, Action action)
    {
        Bank.Fault(what);
        action();
    }
}
