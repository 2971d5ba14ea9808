namespace Darq.Testing;

/// <summary>
/// A crash at one point of a scenario changes what comes of it, so that a handler is not safe. The text has the point, what differs, and
/// the call of <see cref="CrashPoints.RunAsync"/> that repeats it alone.
/// </summary>
public sealed class CrashPointException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="message">The point, the seed and the difference.</param>
    /// <param name="inner">What the run with the crash threw; null where it threw nothing.</param>
    public CrashPointException(string message, Exception? inner)
        : base(message, inner) { }

    /// <summary>Creates one.</summary>
    /// <param name="message">The point, the seed and the difference.</param>
    public CrashPointException(string message)
        : base(message) { }

    /// <summary>Creates one without a text.</summary>
    public CrashPointException() { }
}
