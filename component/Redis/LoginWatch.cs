using StackExchange.Redis;

namespace Darq.Redis;

/// <summary>Whether a server let one connection of the client in. The client says so with each attempt and nowhere else.</summary>
internal sealed class LoginWatch
{
    private readonly Lock _lock = new();

    private ConnectionAttemptCompletedEventArgs? _last;

    /// <summary>Whether the last attempt ended with a refused login.</summary>
    public bool IsRefused
    {
        get
        {
            lock (_lock)
            {
                return _last is { IsSuccess: false, Stage: ConnectionAttemptStage.Handshake }
                    && _last.FailureType == ConnectionFailureType.AuthenticationFailure;
            }
        }
    }

    public void Observe(ConfigurationOptions configuration) => configuration.ConnectionAttemptCompleted += OnAttempt;

    private void OnAttempt(object? sender, ConnectionAttemptCompletedEventArgs attempt)
    {
        if (attempt.ConnectionType != ConnectionType.Interactive) return;
        // They are told on any thread and in any order.
        lock (_lock)
        {
            if (_last is null || attempt.SequenceNumber > _last.SequenceNumber) _last = attempt;
        }
    }
}
