using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Scenarios;
using Darq.Protos;

namespace Darq.Benchmarks.Client;

/// <summary>
/// Publishes messages one in a call and answers their deliveries at once. What is timed is the whole way of a message, from the call that
/// publishes it to its delivery. A subclass decides when the next one is due.
/// </summary>
internal abstract class PublishingLoad : PullLoad
{
    private const int DataField = 1;

    // The most messages that may be on their way at one time, those included that wait in their topic.
    private const int MaxBacklog = 1 << 16;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Method _method;
    private readonly Template _request;
    private readonly int _numberAt;
    private readonly Publications _publications;
    private readonly long[] _began = new long[MaxBacklog];

    protected PublishingLoad(LoadConnection connection, string instance, string topic, int bytes)
        : base(connection, instance, topic)
    {
        var data = Payload.Event(topic, bytes);
        var request = new PublishRequest
        {
            Data = data,
            PubsubName = instance,
            Topic = topic,
        };
        _method = new("PubSub", "Publish", instance);
        _request = new(request);
        _numberAt = data.Span.IndexOf(Encoding.ASCII.GetBytes(Template.Marker));
        _publications = new(this);
    }

    /// <summary>Messages published in all.</summary>
    protected long Published { get; private set; }

    /// <summary>Messages that are to be published in all.</summary>
    protected long Wanted { get; private set; }

    /// <summary>Calls that publish and are not answered yet.</summary>
    protected int Publishing { get; private set; }

    protected override bool IsExhausted => Delivered == Wanted && Publishing == 0;

    /// <summary>Publishes so many messages and takes all of them; the round is as long as that takes.</summary>
    public Round Run(long messages)
    {
        Wanted += messages;
        var round = Run(Patience);
        return IsExhausted
            ? round
            : throw new LoadFailedException($"{Wanted - Delivered} messages were not delivered within {Patience.TotalSeconds:0} s");
    }

    protected void Publish()
    {
        if (Published - Delivered == MaxBacklog)
        {
            throw new LoadFailedException($"{MaxBacklog} messages were published and not delivered");
        }

        _request.Put(Published);
        _began[Published % MaxBacklog] = Stopwatch.GetTimestamp();
        Connection.Start(_method, _publications, _request.Bytes);
        Published++;
        Publishing++;
    }

    protected override void Read(Work work, ReadOnlySpan<byte> message)
    {
        var digits = Fields.Find(message, DataField).Slice(_numberAt, Template.Marker.Length);
        work.Number = Utf8Parser.TryParse(digits, out long number, out _)
            ? number
            : throw new LoadFailedException("an event was delivered with another content than was published");
    }

    protected override void Handle(Work work)
    {
        work.Began = _began[work.Number % MaxBacklog];
        Done(work);
    }

    private sealed class Publications(PublishingLoad load) : ICallSink
    {
        public void Received(Call call, ReadOnlySpan<byte> message) { }

        public void Completed(Call call) => load.Publishing--;
    }
}
