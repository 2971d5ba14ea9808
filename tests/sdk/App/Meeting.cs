namespace Darq.Tests.Sdk.App;

/// <summary>Two handlers that only go on together.</summary>
public sealed class Meeting
{
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _right = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool HasTakenPlace => _left.Task.IsCompleted && _right.Task.IsCompleted;

    public Task ComeLeft()
    {
        _left.TrySetResult();
        return _right.Task;
    }

    public Task ComeRight()
    {
        _right.TrySetResult();
        return _left.Task;
    }
}
