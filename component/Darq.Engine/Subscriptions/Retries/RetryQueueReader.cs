using System.Globalization;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>
/// The reading calls of retry.lua for one (group, topic). They throw <see cref="DarqException"/> when Redis is away, and are safe to
/// repeat.
/// </summary>
internal sealed class RetryQueueReader(Primary primary, string group, string topic)
{
    private readonly string _group = Keys.Encode(group);
    private readonly string _topic = Keys.Encode(topic);

    /// <summary>Up to <paramref name="count"/> parked messages after a seq, and the server's time in ms.</summary>
    public async Task<(long Now, string[] Members)> PageAsync(int partition, long after, int count, CancellationToken cancellation)
    {
        string[] header = [primary.Keys.PartitionHeader(partition)];
        var items = await CallAsync(FunctionLibrary.Function("parked"), header, [after, count], cancellation);
        return (long.Parse(items[0].ToString(), CultureInfo.InvariantCulture), [.. items.Skip(1).Select(item => item.ToString())]);
    }

    /// <summary>
    /// Member and body of each message in order, nothing where it is not parked; fewer than asked for beyond a number of bytes.
    /// </summary>
    public Task<IReadOnlyList<RedisReply>> BodiesAsync(
        IReadOnlyList<(int Partition, long Seq)> messages,
        long mostBytes,
        CancellationToken cancellation
    )
    {
        var partitions = messages.Select(message => message.Partition).Distinct().ToList();
        RedisArgument[] wanted =
        [
            mostBytes,
            .. messages.SelectMany(message => new RedisArgument[] { partitions.IndexOf(message.Partition) + 1, message.Seq }),
        ];
        return CallAsync(FunctionLibrary.Function("bodies"), [.. partitions.Select(primary.Keys.PartitionHeader)], wanted, cancellation);
    }

    private async Task<IReadOnlyList<RedisReply>> CallAsync(
        string function,
        string[] marks,
        RedisArgument[] arguments,
        CancellationToken cancellation
    ) =>
        (
            await primary.ReadAsync(
                () => new(function, marks, [primary.WorldLine, _group, _topic, .. arguments], ReadOnly: true),
                cancellation
            )
        ).Items;
}
