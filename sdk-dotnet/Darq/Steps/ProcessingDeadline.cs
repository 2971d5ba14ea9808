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

    /// <summary>The whole time once more, from now; without effect once it is over.</summary>
#pragma warning disable RS0030 // The source was created with the TimeProvider, whose timer this sets anew.
    public void BeginAnew() => CancelAfter(_timeout);
#pragma warning restore RS0030
}
