using System.Buffers;
using Darq.Engine.Core;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>
/// <see cref="IRedis"/> over StackExchange.Redis: one shared connection per options, pipelined. Around a reconnect the client may drop
/// a command or send it twice: batch numbers and the replication id make both harmless.
/// </summary>
internal sealed class RedisClient : IRedis
{
    private readonly RedisOptions _options;
    private readonly RedisConnection _connection;
    private readonly RedisDeadline _deadline;
    private readonly ConfirmingConnection _confirming;

    public RedisClient(RedisOptions options, TimeProvider time)
    {
        (_options, _connection, _confirming) = (options, new(options, time), new(options, time));
        _deadline = new(options, _connection, time);
    }

    public event Action? Reconnected
    {
        add => _connection.Restored += value;
        remove => _connection.Restored -= value;
    }

    public string Address => _options.Address;

    public string? WhyAway => _connection.WhyAway;

    public bool Connected => _connection.IsOpen;

    public async Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation)
    {
        var database = await DatabaseAsync(cancellation);
        using var reply = await WithinAsync(SendAsync(database, call), _options.CallTimeout + call.ExtraTime, cancellation);
        return RedisReplies.Reply(reply);
    }

    public async Task<StreamSlice> ReadAsync(string header, string streamKey, string afterId, int maxCount, CancellationToken cancellation)
    {
        var transaction = (await DatabaseAsync(cancellation)).CreateTransaction();
        var replicationId = SendAsync(transaction, "HGET", header, "boot");
        var range = SendAsync(transaction, "XRANGE", streamKey, "(" + afterId, "+", "COUNT", maxCount);
        if (!await WithinAsync(ExecuteAsync(transaction), cancellation))
        {
            throw new RedisUnavailableException("The transaction that reads a stream was not executed.");
        }

        using var entries = await WithinAsync(range, cancellation);
        using var id = await WithinAsync(replicationId, cancellation);
        return new(RedisReplies.Text(id), RedisReplies.Entries(entries));
    }

    public async Task<IAsyncDisposable> SubscribeAsync(
        IReadOnlyList<string> channels,
        Action<string, string> received,
        CancellationToken cancellation
    )
    {
        var connection = await _connection.OpenAsync(cancellation);
        var listening = _connection.Listen(channels, received);
        try
        {
            await WithinAsync(listening.ListenAsync(connection, cancellation), cancellation);
            return listening;
        }
        catch
        {
            await listening.DisposeAsync();
            throw;
        }
    }

    public async Task<ServerDescription> DescribeAsync(CancellationToken cancellation)
    {
        await _connection.FollowAsync(cancellation);
        var database = await DatabaseAsync(cancellation);
        await _deadline.LogInAsync(database, cancellation);
        await _deadline.SelectAsync(database, cancellation);
        using var info = await WithinAsync(SendAsync(database, "INFO"), cancellation);
        return ServerDescriptions.Parse(RedisReplies.Text(info) ?? "");
    }

    public Task<DurabilityFacts> DescribeDurabilityAsync(bool askReplicas, CancellationToken cancellation) =>
        _confirming.DescribeAsync(askReplicas, cancellation);

    public Task<Confirmation> ConfirmAsync(FunctionCall tick, int replicas, bool onDisk, TimeSpan within, CancellationToken cancellation) =>
        _confirming.ConfirmAsync(tick, replicas, onDisk, within, cancellation);

    public async Task LoadLibraryAsync(string code, bool replace, CancellationToken cancellation)
    {
        var database = await DatabaseAsync(cancellation);
        try
        {
            var sent = replace ? SendAsync(database, "FUNCTION", "LOAD", "REPLACE", code) : SendAsync(database, "FUNCTION", "LOAD", code);
            using var loaded = await WithinAsync(sent, cancellation);
        }
        catch (RedisRefusedException refused) when (refused.Message.Contains("already exists", StringComparison.Ordinal)) { }
    }

    public async Task<bool> RewriteFileAsync(CancellationToken cancellation)
    {
        try
        {
            using var begun = await WithinAsync(SendAsync(await DatabaseAsync(cancellation), "BGREWRITEAOF"), cancellation);
            return RedisReplies.Text(begun)?.Contains("scheduled", StringComparison.Ordinal) != true;
        }
        catch (RedisRefusedException refused) when (refused.Message.Contains("already in progress", StringComparison.Ordinal))
        {
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _confirming.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async ValueTask<IDatabase> DatabaseAsync(CancellationToken cancellation) =>
        (await _connection.OpenAsync(cancellation)).GetDatabase();

    private static Task<RespResult> SendAsync(IDatabase database, FunctionCall call)
    {
        var count = 2 + (call.Key is null ? 0 : 1) + call.Arguments.Count;
        var arguments = ArrayPool<RedisKeyOrValue>.Shared.Rent(count);
        arguments[0] = (RedisValue)call.Function;
        arguments[1] = (RedisValue)(call.Key is null ? 0 : 1);
        var at = 2;
        if (call.Key is not null)
        {
            arguments[at++] = (RedisKey)call.Key;
        }

        for (var i = 0; i < call.Arguments.Count; i++)
        {
            arguments[at++] = (RedisValue)call.Arguments[i].ToBytes();
        }

        var command = call.ReadOnly ? RedisConfiguration.ReadOnlyCall : RedisConfiguration.Call;
        var reply = RedisDeadline.SendAsync(database, command, arguments.AsMemory(0, count));
        // The client has copied them when it returns.
        ArrayPool<RedisKeyOrValue>.Shared.Return(arguments, clearArray: true);
        return reply;
    }

    private static Task<RespResult> SendAsync(IDatabaseAsync database, string command, params RedisValue[] arguments) =>
        RedisDeadline.SendAsync(database, command, Array.ConvertAll(arguments, argument => (RedisKeyOrValue)argument));

    private static async Task<bool> ExecuteAsync(ITransaction transaction) => await transaction.ExecuteAsync();

    private Task<T> WithinAsync<T>(Task<T> sent, CancellationToken cancellation) => WithinAsync(sent, _options.CallTimeout, cancellation);

    private Task<T> WithinAsync<T>(Task<T> sent, TimeSpan within, CancellationToken cancellation) =>
        _deadline.WithinAsync(sent, within, cancellation);
}
