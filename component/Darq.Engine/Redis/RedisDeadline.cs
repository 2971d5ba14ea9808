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
        catch (RedisConnectionException) when (connection.IsOfSentinel)
        {
            throw new RedisRefusedException("SENTINELPORT", $"SENTINELPORT at {options.Address} is a Sentinel");
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
    /// Selects the database once more to get the answer: where the server does not have it, or the user may not select it, the client
    /// silently works in database 0.
    /// </summary>
    public async Task SelectAsync(IDatabase database, CancellationToken cancellation)
    {
        if (options.Database == 0)
        {
            return;
        }

        try
        {
            RedisKeyOrValue[] words = [(RedisValue)options.Database];
            using var selected = await WithinAsync(SendAsync(database, "SELECT", words), options.CallTimeout, cancellation);
        }
        catch (RedisRefusedException refused) when (refused.Code == "ERR")
        {
            throw new RedisRefusedException("NODATABASE", $"NODATABASE redisDB is {options.Database}, which Redis does not have");
        }
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
