namespace Darq.Engine.Telemetry;

/// <summary>A number that only rises. Counting costs one atomic addition; nothing is exported before somebody reads it.</summary>
internal sealed class Count
{
    private long _value;

    public long Value => Volatile.Read(ref _value);

    public void Add(long more = 1) => Interlocked.Add(ref _value, more);

    /// <summary>One for each of the labels, in their order.</summary>
    public static Count[] ForEach(string[] labels) => Array.ConvertAll(labels, _ => new Count());
}
