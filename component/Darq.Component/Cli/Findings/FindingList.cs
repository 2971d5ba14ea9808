namespace Darq.Component.Cli.Findings;

/// <summary>What was found so far. Of one check it keeps a limited number and counts the rest, so that memory is bounded.</summary>
internal sealed class FindingList
{
    /// <summary>Findings kept of one check.</summary>
    public const int MaxPerCheck = 500;

    private readonly List<Finding> _kept = [];
    private readonly HashSet<int> _damaged = [];
    private readonly Dictionary<(string Check, Severity Severity), int> _counts = [];

    /// <summary>The worst first, otherwise in the order in which they were found.</summary>
    public IReadOnlyList<Finding> Kept => [.. _kept.OrderByDescending(finding => finding.Severity)];

    public int Errors => Count(Severity.Error);

    /// <summary>Errors in the data, which a repair is about; the others are the server's.</summary>
    public int Damage { get; private set; }

    public int Warnings => Count(Severity.Warning);

    public int Notes => Count(Severity.Note);

    /// <summary>How many were counted and not kept.</summary>
    public int Left => _counts.Values.Sum() - _kept.Count;

    /// <summary>Whether an error was found in a partition, kept or only counted.</summary>
    public bool IsDamaged(int partition) => _damaged.Contains(partition);

    /// <summary>Adds what a check found; null for nothing.</summary>
    public void Add(Finding? finding)
    {
        if (finding is null)
        {
            return;
        }

        if (finding is { Severity: Severity.Error, Partition: { } partition })
        {
            _damaged.Add(partition);
        }

        var kind = (finding.Check, finding.Severity);
        var count = _counts.GetValueOrDefault(kind);
        _counts[kind] = count + 1;
        Damage += finding is { Severity: Severity.Error, Key: not null } ? 1 : 0;
        if (count < MaxPerCheck)
        {
            _kept.Add(finding);
        }
    }

    public void AddRange(IEnumerable<Finding> findings)
    {
        foreach (var finding in findings)
        {
            Add(finding);
        }
    }

    private int Count(Severity severity) => _counts.Where(count => count.Key.Severity == severity).Sum(count => count.Value);
}
