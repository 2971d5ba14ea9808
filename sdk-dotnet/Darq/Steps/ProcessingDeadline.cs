namespace Darq.Steps;

/// <summary>
/// Ends when the time of a handler is over. A type of its own because Darq.Testing knows it by its name: in virtual time a handler that
/// does real work must not lose it to this deadline.
/// </summary>
internal sealed class ProcessingDeadline : CancellationTokenSource
{
    private readonly TimeSpan _timeout;

    public ProcessingDeadline(TimeSpan timeout, TimeProvider time)
        : base(timeout, time) => _timeout = timeout;

    /// <summary>
    /// The whole time once more, of which some is over already; without effect once all of it was over. Throws
    /// <see cref="InvalidOperationException"/> where the handler has returned.
    /// </summary>
    public void BeginAnew(TimeSpan elapsed)
    {
        var left =
            _timeout == Timeout.InfiniteTimeSpan ? _timeout
            : elapsed < _timeout ? _timeout - elapsed
            : TimeSpan.Zero;
        try
        {
#pragma warning disable RS0030 // The source was created with the TimeProvider, whose timer this sets anew.
            CancelAfter(left);
#pragma warning restore RS0030
        }
        catch (ObjectDisposedException over)
        {
            throw new InvalidOperationException("The handler has returned: there is no processing time that could begin anew.", over);
        }
    }
}
