namespace Darq.Testing.Server;

/// <summary>What the network does to the simulated processes, by the seed. Calm weather still has delays.</summary>
internal sealed class Weather(Random random)
{
    public bool Stormy { get; set; }

    /// <summary>One way over the network. In a storm it is at times longer than a caller waits.</summary>
    public TimeSpan Delay()
    {
        var milliseconds = 0.05 + random.NextDouble();
        if (Stormy && random.Next(50) == 0)
        {
            milliseconds = random.Next(100);
        }

        if (Stormy && random.Next(400) == 0)
        {
            milliseconds = random.Next(4000);
        }

        return TimeSpan.FromMilliseconds(milliseconds);
    }

    public TimeSpan ReconnectDelay() => TimeSpan.FromMilliseconds(1 + random.Next(Stormy && random.Next(3) == 0 ? 1500 : 50));

    /// <summary>How long a connection to what is no longer the primary is kept.</summary>
    public TimeSpan StaleTime() => TimeSpan.FromMilliseconds(random.Next(2500));

    public bool CutsNow() => Stormy && random.Next(100) == 0;

    /// <summary>Whether a change of roles leaves a connection where it was.</summary>
    public bool OutlivesFailover() => Stormy && random.Next(4) == 0;

    /// <summary>Whether a client that connects anew has an old address.</summary>
    public bool HasOldAddress() => Stormy && random.Next(6) == 0;

    public bool LosesRequest() => random.Next(2) == 0;

    /// <summary>Whether the client library sends a call again on its next connection, before anybody is told of that.</summary>
    public bool SendsAgain() => Stormy && random.Next(2) == 0;

    public bool LosesMessage() => Stormy && random.Next(4) == 0;
}
