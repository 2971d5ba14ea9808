using Darq.Engine.Core;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary><see cref="IRedisCommands"/> over StackExchange.Redis, on a connection of its own.</summary>
internal sealed class RedisConsole : IRedisCommands
{
    private readonly RedisOptions _options;
    private readonly RedisConnection _connection;
    private readonly RedisDeadline _deadline;

    public RedisConsole(RedisOptions options, TimeProvider time)
    {
        _options = options with { ForOperator = true };
        _connection = new(_options, time);
        _deadline = new(_options, _connection, time);
    }

    public string Address => _options.Address;

    public async Task<string> ConnectAsync(CancellationToken cancellation)
    {
        await _connection.FollowAsync(cancellation);
        var database = (await _connection.OpenAsync(cancellation)).GetDatabase();
        await _deadline.LogInAsync(database, cancellation);
        await _deadline.SelectAsync(database, cancellation);
        using var info = await WithinAsync(RedisDeadline.SendAsync(database, "INFO", default), cancellation);
        return RedisReplies.Text(info) ?? "";
    }

    public async Task<IReadOnlyList<CommandReply>> ExecuteAsync(IReadOnlyList<RedisCommand> commands, CancellationToken cancellation)
    {
        var database = (await _connection.OpenAsync(cancellation)).GetDatabase();
        return await AnswersAsync([.. commands.Select(command => SendAsync(database, command))], cancellation);
    }

    public async Task<IReadOnlyList<CommandReply>> SnapshotAsync(IReadOnlyList<RedisCommand> commands, CancellationToken cancellation)
    {
        var transaction = (await _connection.OpenAsync(cancellation)).GetDatabase().CreateTransaction();
        Task<RespResult>[] sent = [.. commands.Select(command => SendAsync(transaction, command))];
        try
        {
            await WithinAsync(transaction.ExecuteAsync(), cancellation);
        }
        catch (RedisRefusedException)
        {
            // A command that was refused before the execution, such as for a missing permission; the answers say which.
        }

        return await AnswersAsync(sent, cancellation);
    }

    public async Task<bool> ChangeAsync(GuardedChange change, CancellationToken cancellation)
    {
        var database = (await _connection.OpenAsync(cancellation)).GetDatabase();
        using var reply = await WithinAsync(SendAsync(database, new("EVAL", change.Words())), cancellation);
        return RedisReplies.Text(reply) == "1";
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static Task<RespResult> SendAsync(IDatabaseAsync database, RedisCommand command) =>
        RedisDeadline.SendAsync(
            database,
            command.Name,
            command.Arguments.Select(argument => (RedisKeyOrValue)(RedisValue)EscapedText.Encode(argument)).ToArray()
        );

    private async Task<IReadOnlyList<CommandReply>> AnswersAsync(Task<RespResult>[] sent, CancellationToken cancellation)
    {
        var answers = new CommandReply[sent.Length];
        for (var i = 0; i < sent.Length; i++)
        {
            try
            {
                using var reply = await WithinAsync(sent[i], cancellation);
                answers[i] = new(RedisReplies.Reply(reply), null);
            }
            catch (RedisRefusedException refused)
            {
                answers[i] = new(RedisReply.Nothing, refused.Message);
            }
        }

        return answers;
    }

    private Task<T> WithinAsync<T>(Task<T> sent, CancellationToken cancellation) =>
        _deadline.WithinAsync(sent, _options.CallTimeout, cancellation);
}
