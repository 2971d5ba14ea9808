namespace Darq.Tests.Contract.Grpc.Server;

/// <summary>
/// Lets nobody go before all are there, which proves that so many calls were open at once.
/// </summary>
internal sealed class Meeting(int expected)
{
    private readonly TaskCompletionSource<int> _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _present;

    public Task<int> JoinAsync()
    {
        var present = Interlocked.Increment(ref _present);
        if (present == expected)
        {
            _complete.SetResult(present);
        }

        return _complete.Task;
    }
}
