namespace Darq.Testing.Crashes;

/// <summary>What happens at which moments, and which moments there were. Of the simulation's thread.</summary>
internal sealed class CrashPlan
{
    private readonly List<(string Topic, At At)> _next = [];
    private readonly List<Moment> _moments = [];

    /// <summary>The name of the moment at which what it stands for happens, once; null for none, and when it has come.</summary>
    public string? CrashAt { get; set; }

    /// <summary>Whether calls that fail are moments to be tried.</summary>
    public bool TriesFailedCalls { get; set; }

    public IReadOnlyList<Moment> Moments => _moments;

    /// <summary>Crashes that were asked for and have not come.</summary>
    public IReadOnlyList<(string Topic, At At)> Open => _next;

    public void Add(string topic, At at) => _next.Add((topic, at));

    /// <summary>A delivery has come to a moment. Returns whether the process dies now.</summary>
    public bool Reaches(Moment moment)
    {
        _moments.Add(moment);
        var planned = _next.FindIndex(next => next.Topic == moment.Topic && next.At.Is(moment));
        if (planned >= 0)
        {
            _next.RemoveAt(planned);
        }

        return IsChosen(moment) || planned >= 0;
    }

    /// <summary>A call has come to its answer. Returns whether that is a failure now, while the process lives.</summary>
    public bool Fails(Moment moment)
    {
        if (TriesFailedCalls)
        {
            _moments.Add(moment);
        }

        return IsChosen(moment);
    }

    /// <summary>Another step might write what a handler has read. Returns whether it does now.</summary>
    public bool Competes(Moment moment)
    {
        _moments.Add(moment);
        return IsChosen(moment);
    }

    private bool IsChosen(Moment moment)
    {
        if (CrashAt != moment.Name)
        {
            return false;
        }

        CrashAt = null;
        return true;
    }
}
