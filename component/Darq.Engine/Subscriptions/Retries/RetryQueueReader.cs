using System.Globalization;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>A page of a retry queue, in order, the server's time, and whether nothing comes after it.</summary>
internal sealed record RetryQueuePage(long NowMs, IReadOnlyList<RetryQueueEntry> Entries, bool IsLast);

/// <summary>
/// The reading calls of retry.lua for one (group, topic). They throw <see cref="DarqException"/> when Redis is away, and are safe to
/// repeat.
/// </summary>
internal sealed class RetryQueueReader(Primary primary, string group, string topic)
{
    private readonly string _group = Keys.Encode(group);
    private readonly string _topic = Keys.Encode(topic);

    /// <summary>Up to <paramref name="most"/> messages after a number; entries that are none of ours are left out.</summary>
    public async Task<RetryQueuePage> PageAsync(int partition, long after, int most, CancellationToken cancellation)
    {
        var items = await CallAsync(FunctionLibrary.Function("queued"), [partition], [after, most], [], cancellation);
        var entries = new List<RetryQueueEntry>(items.Count);
        foreach (var item in items.Skip(1))
        {
            if (RetryQueueEntry.TryParse(item.ToString(), out var entry))
            {
                entries.Add(entry);
            }
        }

        return new(long.Parse(items[0].ToString(), CultureInfo.InvariantCulture), entries, items.Count <= most);
    }

    /// <summary>
    /// Entry and body of each message in order, nothing where it is not there; fewer than asked for beyond a number of bytes.
    /// </summary>
    public Task<IReadOnlyList<RedisReply>> BodiesAsync(
        IReadOnlyList<(int Partition, long Seq)> messages,
        long bytesMax,
        CancellationToken cancellation
    )
    {
        var partitions = messages.Select(message => message.Partition).Distinct().ToList();
        var wanted = messages.SelectMany(message => new RedisArgument[] { partitions.IndexOf(message.Partition) + 1, message.Seq });
        return CallAsync(FunctionLibrary.Function("bodies"), partitions, [bytesMax], [.. wanted], cancellation);
    }

    private async Task<IReadOnlyList<RedisReply>> CallAsync(
        string function,
        List<int> partitions,
        RedisArgument[] before,
        RedisArgument[] after,
        CancellationToken cancellation
    )
    {
        var list = PartitionList.Of(primary.Keys, partitions);
        FunctionCall Compose()
        {
            var arguments = new List<RedisArgument> { primary.WorldLine, _group, _topic };
            arguments.AddRange(before);
            list.WriteTo(arguments);
            arguments.AddRange(after);
            return new(function, primary.Keys.PartitionHeader(partitions[0]), arguments, ReadOnly: true);
        }

        return (await primary.ReadAsync(Compose, cancellation)).Items;
    }
}
