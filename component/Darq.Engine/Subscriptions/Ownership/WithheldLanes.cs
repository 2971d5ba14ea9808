using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>
/// Says which live session keeps lanes for long whose topic it takes no more: nobody else is given them. Of the rebalancer's loop alone.
/// </summary>
internal sealed class WithheldLanes(string group, string topic, TimeProvider time, ILogger log)
{
    /// <summary>Most handlers have answered by then.</summary>
    private static readonly TimeSpan SaidAfter = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, (long Since, bool Said)> _sessions = [];

    /// <summary>The session of each lane that is withheld in a round of all lanes.</summary>
    public void Note(IEnumerable<string> sessions)
    {
        var counts = sessions.CountBy(session => session).ToDictionary();
        foreach (var gone in _sessions.Keys.Where(session => !counts.ContainsKey(session)).ToArray())
        {
            _sessions.Remove(gone);
        }

        foreach (var (session, count) in counts)
        {
            _sessions.TryAdd(session, (time.GetTimestamp(), false));
            var (since, said) = _sessions[session];
            if (!said && time.GetElapsedTime(since) >= SaidAfter)
            {
                _sessions[session] = (since, true);
                log.LanesAreWithheld(group, count, topic, SaidAfter, session);
            }
        }
    }
}
