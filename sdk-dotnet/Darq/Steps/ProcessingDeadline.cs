namespace Darq.Steps;

/// <summary>
/// Ends when the time of a handler is over. A type of its own because Darq.Testing knows it by its name: in virtual time a handler that
/// does real work must not lose it to this deadline.
/// </summary>
internal sealed class ProcessingDeadline(TimeSpan timeout, TimeProvider time) : CancellationTokenSource(timeout, time);
