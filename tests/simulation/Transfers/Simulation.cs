using Darq.Engine.Core;
using Darq.Testing.Scheduling;
using Darq.Testing.Server;
using Darq.Tests.Shared.History;

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

    /// <summary>The hazards that may come; which of them do is drawn from the seed.</summary>
    public Hazards Allowed { get; init; } = Hazards.All;

    /// <summary>Changes the function library, to see whether a broken one is found out.</summary>
    public Func<string, string> Library { get; init; } = code => code;
}

/// <summary>
/// One run: several processes with the component's real code on a fake Redis with the real function library, in virtual
/// time. 1. Accounts are opened, and a key is damaged. 2. Storm: processes are killed, stopped, paused and started again,
/// Redis restarts and fails over, streams and connections break. 3. Calm: all must finish. 4. Nothing more may come, nothing is
/// left over, and what is published once more changes nothing. 5. Errors of Redis are answered as they should
/// be, and damage stays where it is. 6. The history is judged.
/// </summary>
internal sealed class Simulation : IDisposable
{
    private readonly Scenario _scenario;
    private readonly Storm _storm;

    public Simulation(Scenario scenario)
    {
        _scenario = scenario;
        Random = new Random(scenario.Seed);
        Loop = new Loop(Random);
        Weather = new Weather(Random);
        Forecast = Transfers.Forecast.Of(scenario.Seed, scenario.Allowed);
        Server = new FakeServer(() => Loop.Now + RedisAhead, Random) { Alter = scenario.Library, Overheard = scenario.IsTold ? Say : null };
        var began = Loop.Now;
        Bank = new Bank(
            Random,
            scenario.Keys,
            scenario.TransfersPerKey,
            scenario.Accounts,
            line =>
            {
                if (IsTold)
                {
                    Say(HistoryLog.Line(line));
                }

                return line with
                {
                    At = (Loop.Now - began).TotalSeconds,
                };
            }
        );
        Data = new Data(Server, Namespace);
        AtWork = new AtWork(this);
        Durability = new Durability(this);
        _storm = new Storm(this, scenario.Processes);
    }

    public Random Random { get; }

    public Loop Loop { get; }

    public Weather Weather { get; }

    public FakeServer Server { get; }

    public Bank Bank { get; }

    public Hazards Forecast { get; }

    /// <summary>How far the clock of Redis is ahead.</summary>
    public TimeSpan RedisAhead { get; set; }

    /// <summary>How often each hazard came.</summary>
    public Dictionary<Hazards, int> Occurred { get; } = [];

    public Durability Durability { get; }

    public Data Data { get; }

    public AtWork AtWork { get; }

    public NamespaceOptions Namespace { get; } =
        new()
        {
            Name = "sim",
            Partitions = 4,
            Durability = new(DurabilityKind.Reply),
            CrossPartitionSteps = CrossPartitionSteps.Allow,
        };

    /// <summary>What was said on the way.</summary>
    public List<string> Story { get; } = [];

    public bool IsTold => _scenario.IsTold;

    public bool Has(Hazards hazard) => Forecast.HasFlag(hazard);

    /// <summary>Whether Redis may refuse what is right, for a while.</summary>
    public bool MayRefuse => (Forecast & (Hazards.RedisErrors | Hazards.DamagedKeys)) != Hazards.None;

    /// <summary>A hazard that the seed has comes now.</summary>
    public void Happened(Hazards hazard, string how)
    {
        Occurred[hazard] = Occurred.GetValueOrDefault(hazard) + 1;
        Bank.Fault($"{hazard}: {how}");
    }

    /// <summary>
    /// The step of a transfer was applied, and its handler has not answered: a moment at which Redis may crash. True if it does, and loses
    /// the step.
    /// </summary>
    public bool MayCrash(Transfer transfer) => _storm.MayCrash(transfer);

    public Verdict Run()
    {
        Bank.Fault($"the forecast is: {Forecast}");
        foreach (var app in _storm.Apps)
        {
            app.Start();
        }

        Loop.RunFor(TimeSpan.FromMilliseconds(1));
        Await("the accounts are open", done => _storm.Apps[0].OpenAccounts(done));
        Data.Damage(Bank.DamagedKey);
        Durability.Watch();
        new Invariants(this).Watch();
        new FenceInvariants(this).Watch();
        new DeathInvariants(this).Watch();
        var drill = new Drill(this);
        foreach (var app in _storm.Apps)
        {
            app.Work();
        }

        _storm.Begin();
        Loop.RunFor(_scenario.Storm);
        _storm.End();
        if (!Loop.RunUntil(() => Bank.Finished, _scenario.Calm))
        {
            Say($"{_scenario.Calm} of calm were not enough");
        }

        Loop.RunFor(TimeSpan.FromSeconds(15));
        Settle();
        Await("everything is published once more", done => _storm.Apps[0].RepeatAll(done));
        if (Has(Hazards.RedisErrors))
        {
            drill.Run(_storm.Apps);
        }

        if (Has(Hazards.DamagedKeys))
        {
            new DamageDrill(this).Run(_storm.Apps[0]);
        }

        Await("the final amounts are read", done => _storm.Apps[0].ReadFinals(done));
        return HistoryChecker.Check(Bank.History);
    }

    public void Say(string text)
    {
        if (IsTold)
        {
            Story.Add($"{Loop.Now:mm:ss.ffffff} {text}");
        }
    }

    /// <summary>Something holds no longer: the run is over.</summary>
    public void Complain(string what) => Loop.Fail(new InvalidOperationException(what));

    public void Dispose() => Server.Dispose();

    /// <summary>In the end every group has done with every message, none of which has expired.</summary>
    private void Settle()
    {
        string? why = null;
        for (var tries = 0; tries < 30 && (why = Unsettled()) is not null; tries++)
        {
            Loop.RunFor(TimeSpan.FromSeconds(2));
        }

        if (Bank.Finished && why is not null)
        {
            throw new TimeoutException($"At the end {why}.");
        }
    }

    private string? Unsettled() =>
        Data.Unsettled(Bank.Movers, "transfers")
        ?? Data.Unsettled(Bank.Watchers, "transfers")
        ?? Data.Unsettled("audit", "receipts")
        ?? Data.Unsettled("readers", "notes")
        ?? Data.Unsettled("undertaker", Bank.DeadLetters);

    private void Await(string what, Action<Action> start)
    {
        var isDone = false;
        start(() => isDone = true);
        if (!Loop.RunUntil(() => isDone, TimeSpan.FromMinutes(1)))
        {
            throw new TimeoutException($"Waited a minute of virtual time until {what}.");
        }
    }
}
