namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// The notes, one on each transfer: messages with an id and without a key, which are to be accepted once and read at least once.
/// </summary>
internal sealed class Notes
{
    private readonly Dictionary<string, string> _accepted = [];
    private readonly HashSet<string> _read = [];

    public bool AllRead => _accepted.Keys.All(_read.Contains);

    /// <summary>False where the note lies somewhere else already.</summary>
    public bool Accept(string id, string place) => _accepted.TryAdd(id, place) || _accepted[id] == place;

    public bool IsRead(string id) => _read.Contains(id);

    public void Read(string id) => _read.Add(id);
}
