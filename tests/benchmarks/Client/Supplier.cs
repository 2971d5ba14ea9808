using Darq.Benchmarks.Scenarios;
using Darq.Protos;

namespace Darq.Benchmarks.Client;

/// <summary>Publishes what later rounds consume, in bulks and several at once.</summary>
internal sealed class Supplier : ICallSink
{
    private const int PerBulk = 100;
    private const int Outstanding = 8;

    private readonly LoadConnection _connection;
    private readonly Method _method;
    private readonly Template _template;
    private long _published;
    private long _left;
    private int _open;

    public Supplier(LoadConnection connection, string instance, string topic, int bytes)
    {
        (_connection, _method) = (connection, new("PubSub", "BulkPublish", instance));
        var request = new BulkPublishRequest { PubsubName = instance, Topic = topic };
        for (var i = 0; i < PerBulk; i++)
        {
            request.Entries.Add(new BulkMessageEntry { EntryId = $"{i}", Event = Payload.Event(topic, bytes) });
        }

        _template = new(request);
    }

    /// <summary>Publishes at least so many messages; returns how many it were.</summary>
    public long Publish(long messages)
    {
        var before = _published;
        _left = messages;
        while (_open < Outstanding && _left > 0)
        {
            Start();
        }

        while (_open > 0)
        {
            _connection.Pump();
        }

        return _published - before;
    }

    public void Received(Call call, ReadOnlySpan<byte> message) { }

    public void Completed(Call call)
    {
        _open--;
        if (_left > 0)
        {
            Start();
        }
    }

    private void Start()
    {
        _published = _template.PutCounting(_published);
        _left -= PerBulk;
        _open++;
        _connection.Start(_method, this, _template.Bytes);
    }
}
