using System.Globalization;
using Darq.Engine.Redis;
using Darq.Testing.Server;

namespace Darq.Testing.Hosting;

/// <summary>
/// Reads in the simulated Redis how many messages of a topic are not done with; once, until something is written that it was read from,
/// because it is asked for all topics at each event. Of the simulation's thread.
/// </summary>
internal sealed class Books
{
    private const string Queue = ":q:";

    private readonly Keys _keys = new(ComponentProcess.Namespace.Name, ComponentProcess.Namespace.Partitions);
    private readonly FakeServer _server;
    private readonly HashSet<string> _headers;
    private readonly Dictionary<string, long> _waiting = new(StringComparer.Ordinal);

    public Books(FakeServer server)
    {
        _server = server;
        _headers = [.. Enumerable.Range(0, _keys.Partitions).Select(partition => FakeServer.Bytes(_keys.PartitionHeader(partition)))];
        server.Changed += Forget;
    }

    /// <summary>Messages of a topic that the app's group has yet to consume, or to give up.</summary>
    public long Waiting(string topic)
    {
        if (!_waiting.TryGetValue(topic, out var waiting))
        {
            _waiting[topic] = waiting = Count(topic);
        }

        return waiting;
    }

    private void Forget(Change change)
    {
        if (_waiting.Count > 0 && change.Commands.Any(IsCounted))
        {
            _waiting.Clear();
        }
    }

    private bool IsCounted(string[] words) => _headers.Contains(words[1]) || words[1].Contains(Queue, StringComparison.Ordinal);

    private long Count(string topic)
    {
        var (name, waiting) = (FakeServer.Bytes(Keys.Encode(topic)), 0L);
        for (var partition = 0; partition < _keys.Partitions; partition++)
        {
            var header = FakeServer.Bytes(_keys.PartitionHeader(partition));
            var replies = _server.Execute(
                ["HGET", header, "t:" + name],
                ["HGET", header, $"l:{ComponentProcess.Group}:{name}"],
                ["ZCARD", $"{header[..^2]}{Queue}{ComponentProcess.Group}:{name}"]
            );
            if (replies[0] is Reply.Bulk { Text: { } numbers })
            {
                waiting += Behind(numbers, (replies[1] as Reply.Bulk)?.Text) + ((Reply.Integer)replies[2]).Value;
            }
        }

        return waiting;
    }

    /// <summary>From the last number of the stream (append.lua) to the ack watermark (lane.lua).</summary>
    private static long Behind(string topic, string? lane)
    {
        var last = Number(topic.Split(' ')[0]);
        return lane is null ? last : last - Number(lane.Split(' ')[2].Split('-')[1]);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
