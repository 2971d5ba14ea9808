using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>
/// How the attempts of one connection ended, above all whether the server accepted the login. The client reports it only in the event of
/// each attempt.
/// </summary>
internal sealed class LoginWatch(bool usesTls = false)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Under _lock.
    private ConnectionAttemptCompletedEventArgs? _last;

    /// <summary>Ends with the first refused login; connecting itself goes on until its time is over.</summary>
    public Task Refused => _refused.Task;

    /// <summary>Whether the last attempt ended with a refused login.</summary>
    public bool IsRefused
    {
        get
        {
            lock (_lock)
            {
                return IsLoginFailure(_last);
            }
        }
    }

    /// <summary>Why the last attempt failed; null where none did.</summary>
    public string? WhyFailed
    {
        get
        {
            lock (_lock)
            {
                return _last is { IsSuccess: false } last ? ConnectionFaults.Describe(last.Exception, usesTls) : null;
            }
        }
    }

    public void Observe(ConfigurationOptions configuration) => configuration.ConnectionAttemptCompleted += OnAttempt;

    private static bool IsLoginFailure(ConnectionAttemptCompletedEventArgs? attempt) =>
        attempt is { IsSuccess: false, Stage: ConnectionAttemptStage.Handshake, FailureType: ConnectionFailureType.AuthenticationFailure };

    private void OnAttempt(object? sender, ConnectionAttemptCompletedEventArgs attempt)
    {
        if (attempt.ConnectionType != ConnectionType.Interactive)
        {
            return;
        }
        // The client raises the events on any thread and in any order.
        lock (_lock)
        {
            if (_last is null || attempt.SequenceNumber > _last.SequenceNumber)
            {
                _last = attempt;
            }
        }
        if (IsLoginFailure(attempt))
        {
            _refused.TrySetResult();
        }
    }
}
