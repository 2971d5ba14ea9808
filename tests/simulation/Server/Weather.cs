namespace Darq.Tests.Simulation.Server;

/// <summary>What the network does to the simulated processes, by the seed. Calm weather still has delays.</summary>
internal sealed class Weather(Random random)
{
    public bool Stormy { get; set; }

    /// <summary>One way over the network. In a storm it is at times longer than a caller waits.</summary>
    public TimeSpan Delay()
    {
        var milliseconds = 0.05 + random.NextDouble();
        if (Stormy && random.Next(50) == 0)
            milliseconds = random.Next(100);
        if (Stormy && random.Next(400) == 0)
            milliseconds = random.Next(4000);
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    public TimeSpan ReconnectDelay() => TimeSpan.FromMilliseconds(1 + random.Next(Stormy ? 1500 : 50));

    public bool CutsNow() => Stormy && random.Next(100) == 0;

    public bool LosesRequest() => random.Next(2) == 0;

    public bool LosesMessage() => Stormy && random.Next(4) == 0;
}
