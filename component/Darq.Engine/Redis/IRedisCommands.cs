using Darq.Engine.Core;

namespace Darq.Engine.Redis;

/// <summary>
/// Plain commands to one Redis primary, for an operator's tool; the component itself calls functions. Every method throws
/// <see cref="RedisUnavailableException"/> where no answer comes; none retries.
/// </summary>
internal interface IRedisCommands : IAsyncDisposable
{
    /// <summary>Where it is, for messages; no secrets.</summary>
    string Address { get; }

    /// <summary>
    /// Connects and logs in; returns the text of INFO. Throws <see cref="RedisRefusedException"/> where the login is refused.
    /// </summary>
    Task<string> ConnectAsync(CancellationToken cancellation);

    /// <summary>Sends the commands together and returns what each answered, in order.</summary>
    Task<IReadOnlyList<CommandReply>> ExecuteAsync(IReadOnlyList<RedisCommand> commands, CancellationToken cancellation);

    /// <summary>As <see cref="ExecuteAsync"/>, as one transaction: all answers are of one moment.</summary>
    Task<IReadOnlyList<CommandReply>> SnapshotAsync(IReadOnlyList<RedisCommand> commands, CancellationToken cancellation);

    /// <summary>
    /// Makes a change if what it rests on is still as it was seen; false, and nothing written, where it is not. Throws
    /// <see cref="RedisRefusedException"/> where Redis refuses it. Safe to repeat.
    /// </summary>
    Task<bool> ChangeAsync(GuardedChange change, CancellationToken cancellation);
}

/// <summary>A command and its arguments, which are texts as <see cref="EscapedText"/> has them.</summary>
internal readonly record struct RedisCommand(string Name, params IReadOnlyList<string> Arguments);

/// <summary>What one command answered: a reply, or the text of an error.</summary>
internal readonly record struct CommandReply(RedisReply Reply, string? Error)
{
    public string Text => TextOf(Reply);

    /// <summary>The text, or null where the answer is nothing or an error.</summary>
    public string? TextOrNull => Reply.IsNothing ? null : Text;

    public IReadOnlyList<RedisReply> Items => Reply.Items;

    public static string TextOf(RedisReply reply) => EscapedText.Decode(reply.Bytes.Span);
}
