namespace Darq.Sidecar;

/// <summary>
/// Gives a call to the sidecar a time, since a sidecar may hang; what ends it says which call it was. For calls whose failure ends what
/// their caller does: those that are repeated have a time of their own.
/// </summary>
internal static class CallTime
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <exception cref="TimeoutException">No answer came in time, which is <see cref="Longest"/> where the call gives none.</exception>
    /// <exception cref="OperationCanceledException">The caller's token ended first.</exception>
    public static async Task<T> LimitAsync<T>(
        string what,
        Func<CancellationToken, Task<T>> call,
        TimeProvider time,
        CancellationToken cancellationToken,
        TimeSpan? within = null
    )
    {
        var longest = within ?? Longest;
        using var deadline = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await call(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException ended) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"{what} had no answer yet.", ended, cancellationToken);
        }
        catch (OperationCanceledException late) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"{what} got no answer from the sidecar within {longest.TotalSeconds} seconds.", late);
        }
    }

    /// <inheritdoc cref="LimitAsync{T}"/>
    public static Task LimitAsync(
        string what,
        Func<CancellationToken, Task> call,
        TimeProvider time,
        CancellationToken cancellationToken
    ) =>
        LimitAsync(
            what,
            async token =>
            {
                await call(token).ConfigureAwait(false);
                return true;
            },
            time,
            cancellationToken
        );
}
