using Xunit;

namespace Darq.Tests.Contract.DaprCases;

/// <summary>
/// The cases of Dapr's conformance suite for pub/sub, by their names there. The suite's handlers take a second for a failure so that
/// messages pile up behind it; a fifth of that does so here.
/// </summary>
public abstract class PubSubConformance
{
    private const int MessageCount = 10;

    private static readonly TimeSpan FailureTime = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxReadDuration = TimeSpan.FromSeconds(30);

    [Fact]
    public Task Publish_and_verify_read() =>
        PlayAsync(async pubsub =>
        {
            var topic = pubsub.Topic("testTopic");
            var reader = new FailingReader(pubsub);
            await using var subscription = await pubsub.SubscribeAsync(topic, reader.HandleAsync);
            for (var k = 1; k <= MessageCount; k++)
            {
                await pubsub.PublishAsync(topic, $"message-{k}");
            }

            await reader.AssertReadsAsync(1, MessageCount);
        });

    /// <summary>With the suite's checkInOrderProcessing, and a partition key as its publish metadata.</summary>
    [Fact]
    public Task Publish_and_verify_read_in_order() =>
        PlayAsync(async pubsub =>
        {
            var topic = pubsub.Topic("testTopicInOrder");
            var reader = new FailingReader(pubsub);
            await using var subscription = await pubsub.SubscribeAsync(topic, reader.HandleAsync);
            for (var k = 1; k <= MessageCount; k++)
            {
                await pubsub.PublishAsync(topic, $"message-{k}", key: "k");
            }

            await reader.AssertReadsAsync(1, MessageCount);
            Assert.False(reader.OutOfOrder);
        });

    [Fact]
    public Task Bulk_publish_and_verify_read() =>
        PlayAsync(async pubsub =>
        {
            var topic = pubsub.Topic("testTopicBulk");
            var reader = new FailingReader(pubsub);
            await using var subscription = await pubsub.SubscribeAsync(topic, reader.HandleAsync);

            await pubsub.BulkPublishAsync(topic, Enumerable.Range(11, MessageCount).Select(k => $"message-{k}"));

            await reader.AssertReadsAsync(11, MessageCount);
        });

    [Fact]
    public Task Multiple_handlers() =>
        PlayAsync(async pubsub =>
        {
            var (even, odd) = (new Reader(pubsub, "multiTopic1"), new Reader(pubsub, "multiTopic2"));
            await using var first = await even.SubscribeAsync();
            await using var second = await odd.SubscribeAsync();

            await PublishAsync(pubsub, 11, even, odd);

            await even.AssertReadsAsync(12, 14, 16, 18, 20);
            await odd.AssertReadsAsync(11, 13, 15, 17, 19);
        });

    /// <summary>Three rounds: both live; the first is stopped; both are.</summary>
    [Fact]
    public Task Stop_subscribers() =>
        PlayAsync(async pubsub =>
        {
            var (even, odd) = (new Reader(pubsub, "multiTopic1"), new Reader(pubsub, "multiTopic2"));
            var first = await even.SubscribeAsync();
            var second = await odd.SubscribeAsync();
            await PublishAsync(pubsub, 21, even, odd);
            await even.AssertReadsAsync(22, 24, 26, 28, 30);

            await first.DisposeAsync();
            await PublishAsync(pubsub, 31, even: null, odd);
            await odd.AssertReadsAsync(21, 23, 25, 27, 29, 31, 33, 35, 37, 39);

            await second.DisposeAsync();
            await pubsub.PublishAsync(odd.Topic, "message-41");
            await pubsub.DelayAsync(FailureTime);
            await even.AssertReadsAsync(22, 24, 26, 28, 30);
            await odd.AssertReadsAsync(21, 23, 25, 27, 29, 31, 33, 35, 37, 39);
        });

    /// <summary>Runs a case to its end on a pub/sub.</summary>
    private protected abstract Task PlayAsync(Func<IPubSubSurface, Task> play);

    /// <summary>Ten messages, by turns to the topic of the odd ones and to that of the even ones.</summary>
    private static async Task PublishAsync(IPubSubSurface pubsub, int from, Reader? even, Reader odd)
    {
        for (var k = from; k < from + MessageCount; k++)
        {
            if ((k % 2 == 0 ? even : odd) is { } reader)
            {
                await pubsub.PublishAsync(reader.Topic, $"message-{k}");
            }
        }
    }

    private static int SequenceOf(string data) => int.Parse(data["message-".Length..], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>
    /// Fails the first two deliveries and every fifth. The suite does not wait for what it failed itself; here it must come again.
    /// </summary>
    private sealed class FailingReader(IPubSubSurface pubsub)
    {
        private readonly Lock _lock = new();
        private readonly HashSet<int> _processed = [];
        private int _deliveries;
        private int _errors;
        private int _last;

        public bool OutOfOrder { get; private set; }

        public async Task<bool> HandleAsync(string data)
        {
            var sequence = SequenceOf(data);
            lock (_lock)
            {
                if (_processed.Contains(sequence))
                {
                    return true;
                }

                OutOfOrder |= sequence < _last;
                _last = sequence;
                _deliveries++;
                if (_errors >= 2 && _deliveries % 5 != 0)
                {
                    _processed.Add(sequence);
                    return true;
                }

                _errors++;
            }

            await pubsub.DelayAsync(FailureTime);
            return false;
        }

        public async Task AssertReadsAsync(int from, int count)
        {
            var expected = Enumerable.Range(from, count).ToHashSet();
            for (var waited = TimeSpan.Zero; !Reads(expected); waited += Poll)
            {
                Assert.InRange(waited, TimeSpan.Zero, MaxReadDuration);
                await pubsub.DelayAsync(Poll);
            }
        }

        private bool Reads(HashSet<int> expected)
        {
            lock (_lock)
            {
                return _processed.SetEquals(expected);
            }
        }
    }

    /// <summary>Takes every message and notes it.</summary>
    private sealed class Reader(IPubSubSurface pubsub, string name)
    {
        private readonly Lock _lock = new();
        private readonly List<int> _read = [];

        public string Topic { get; } = pubsub.Topic(name);

        public Task<IAsyncDisposable> SubscribeAsync() => pubsub.SubscribeAsync(Topic, Handle);

        /// <summary>Exactly these, each once, in any order.</summary>
        public async Task AssertReadsAsync(params int[] expected)
        {
            for (var waited = TimeSpan.Zero; Read().Length < expected.Length; waited += Poll)
            {
                Assert.InRange(waited, TimeSpan.Zero, MaxReadDuration);
                await pubsub.DelayAsync(Poll);
            }

            Assert.Equal(expected, Read());
        }

        private Task<bool> Handle(string data)
        {
            lock (_lock)
            {
                _read.Add(SequenceOf(data));
            }

            return Task.FromResult(true);
        }

        private int[] Read()
        {
            lock (_lock)
            {
                return [.. _read.Order()];
            }
        }
    }
}
