using Darq.Engine.Telemetry;

namespace Darq.Engine.Batching;

/// <summary>
/// Logs once which keys made Redis refuse requests because they are damaged. Memory: at most <see cref="Max"/> texts; beyond it they are
/// said again. Used by the queue's loop alone.
/// </summary>
internal sealed class DamageNotes(ILogger log)
{
    private const int Max = 100;
    private const string Beginning = "ERROR DAMAGED ";

    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>Looks at the answer to a request.</summary>
    public void Note(string line)
    {
        if (!line.StartsWith(Beginning, StringComparison.Ordinal))
        {
            return;
        }

        if (_said.Count == Max)
        {
            _said.Clear();
        }

        if (_said.Add(line))
        {
            log.KeyIsDamaged(line[Beginning.Length..]);
        }
    }
}
