using Darq.Engine.Core;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>
/// Waits for a command under its deadline, because the client times calls out late and only at its heartbeat. Splits the client's faults
/// into errors of the server and missing answers.
/// </summary>
internal sealed class RedisDeadline(RedisOptions options, RedisConnection connection, TimeProvider time)
{
    /// <summary>Throws <see cref="RedisRefusedException"/> and <see cref="RedisUnavailableException"/>.</summary>
    public async Task<T> WithinAsync<T>(Task<T> sent, TimeSpan within, CancellationToken cancellation)
    {
        try
        {
            return await Reply<T>.WaitAsync(sent, within, time, cancellation);
        }
        catch (RedisServerException refused)
        {
            throw Refused(refused.Message);
        }
        catch (RedisConnectionException) when (connection.IsLoginRefused)
        {
            throw connection.LoginRefused();
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // The client also throws raw exceptions of a connection that just ended; all mean that no answer came.
            connection.Doubt();
            throw new RedisUnavailableException($"Redis at {options.Address} gave no answer: {connection.WhyAway ?? fault.Message}", fault);
        }
    }

    /// <summary>
    /// Logs in once more to get the answer: after a refused login the client silently continues as the default user where that one
    /// needs no password.
    /// </summary>
    public async Task LogInAsync(IDatabase database, CancellationToken cancellation)
    {
        if (options.Password is null && options.Username is null)
        {
            return;
        }

        var password = options.Password ?? "";
        RedisKeyOrValue[] words = options.Username is { } user ? [(RedisValue)user, (RedisValue)password] : [(RedisValue)password];
        using var loggedIn = await WithinAsync(SendAsync(database, "AUTH", words), options.CallTimeout, cancellation);
    }

    /// <summary>
    /// Sends a command. A connection that is closed meanwhile throws at once; the task carries it like any other failure.
    /// </summary>
    public static Task<RespResult> SendAsync(IDatabaseAsync database, string command, ReadOnlyMemory<RedisKeyOrValue> arguments)
    {
        try
        {
            return database.ExecuteRespAsync(command, arguments);
        }
        catch (Exception fault)
        {
            return Task.FromException<RespResult>(fault);
        }
    }

    private static RedisRefusedException Refused(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return new(space < 0 ? text : text[..space], text);
    }
}
