namespace Darq.Steps;

/// <summary>
/// Pauses that double, each shortened by up to a half, so that those who met do not meet again. What shortens them comes of the id alone:
/// different ids pause differently, and a run can be repeated.
/// </summary>
internal struct Pauses(string id, TimeSpan first, TimeSpan longest)
{
    private const ulong Basis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    private TimeSpan _next = first;
    private ulong _state = id.Aggregate(Basis, (hash, letter) => (hash ^ letter) * Prime);

    public TimeSpan Next()
    {
        var pause = _next;
        _next = _next * 2 < longest ? _next * 2 : longest;
        // The high bits of such a hash are the well mixed ones.
        _state = (_state ^ (ulong)pause.Ticks) * Prime;
        var share = (_state >> 40) / (double)(1 << 24);
        return pause * (1 - share / 2);
    }
}
