namespace Darq.Tests.Simulation.Transfers;

/// <summary>What a storm may have beside killed processes, broken connections and fail-overs, which every storm has.</summary>
[Flags]
internal enum Hazards
{
    None = 0,

    /// <summary>Redis answers with errors for a while.</summary>
    RedisErrors = 1 << 0,

    /// <summary>Redis crashes and loses the last writes, among them a step whose handler has not answered yet.</summary>
    SuffixLoss = 1 << 1,

    /// <summary>The clock of Redis is set, forwards and backwards.</summary>
    RedisClock = 1 << 2,

    /// <summary>The clocks of the processes differ by up to a day, and are set.</summary>
    ProcessClocks = 1 << 3,

    /// <summary>Streams are replaced by others with other settings while messages flow.</summary>
    HotReload = 1 << 4,

    /// <summary>Handlers answer after the processing timeout, or never, or ask for more time.</summary>
    SilentHandlers = 1 << 5,

    /// <summary>Handlers throw, before or after their step.</summary>
    ThrowingHandlers = 1 << 6,

    /// <summary>An app is not there for a while, and its sidecar says so.</summary>
    AppGone = 1 << 7,

    /// <summary>Sidecars acknowledge what their app never saw, where a step is required.</summary>
    FalseAcks = 1 << 8,

    /// <summary>A second sidecar shares the component, with an app of its own behind it.</summary>
    TwoSidecars = 1 << 9,

    /// <summary>Sidecars answer what another one was sent.</summary>
    StrayAnswers = 1 << 10,

    /// <summary>Sidecars hand over many messages at once, of which any may be answered first, so that windows widen.</summary>
    WideWindows = 1 << 11,

    /// <summary>Another program writes over a key of a partition, or into the members; it is mended later.</summary>
    DamagedKeys = 1 << 12,

    All = (1 << 13) - 1,
}

/// <summary>Which hazards a seed has: each has its own chance, whichever others are allowed.</summary>
internal static class Forecast
{
    private static readonly (Hazards Hazard, int Percent)[] Chances =
    [
        (Hazards.RedisErrors, 40),
        (Hazards.SuffixLoss, 40),
        (Hazards.RedisClock, 35),
        (Hazards.ProcessClocks, 35),
        (Hazards.HotReload, 40),
        (Hazards.SilentHandlers, 50),
        (Hazards.ThrowingHandlers, 30),
        (Hazards.AppGone, 30),
        (Hazards.FalseAcks, 35),
        (Hazards.TwoSidecars, 60),
        (Hazards.StrayAnswers, 45),
        (Hazards.WideWindows, 35),
        (Hazards.DamagedKeys, 35),
    ];

    public static IEnumerable<Hazards> Kinds => Chances.Select(chance => chance.Hazard);

    public static Hazards Of(int seed, Hazards allowed) =>
        Chances
            .Where(chance => allowed.HasFlag(chance.Hazard) && new Random(HashOf(seed, chance.Hazard)).Next(100) < chance.Percent)
            .Aggregate(Hazards.None, (all, chance) => all | chance.Hazard);

    private static int HashOf(int seed, Hazards hazard) => unchecked((seed * 486_187_739) ^ ((int)hazard * 16_777_619));
}
