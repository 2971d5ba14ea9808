using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Retries;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// A (group, topic) in this process: holds its share of the lanes while a stream is open, reads ahead, and hands messages
/// to the streams. All state is under one lock. Loops: readers (Read), the tender that claims lanes, hands them over and
/// watches tails (Tend, Claim, HandOver), one that parks, one that fetches (Parking), and one for what becomes due; all else
/// happens on the thread of whoever brings it about (Dispatch, Settle). Memory: at most <see cref="MaxEntries"/> messages
/// and about <see cref="MaxBytes"/> of them are in hand, plus one page per reader, and about 100 bytes for each of at most
/// <see cref="MaxParked"/> parked ones.
/// </summary>
internal sealed partial class Subscription : IAsyncDisposable
{
    public const int MaxEntries = 1024;
    public const long MaxBytes = 16 << 20;

    private readonly string _group;
    private readonly string _topic;
    private readonly Primary _primary;
    private readonly Membership _membership;
    private readonly SubscriptionOptions _options;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _log;
    private readonly Claims _claims;
    private readonly RetryQueueReader _retryQueues;
    private readonly string? _letters;
    private readonly CancellationTokenSource _stopping = new();
    private readonly AsyncAutoResetEvent _dispatch;
    private readonly AsyncAutoResetEvent _tend;
    private readonly AsyncAutoResetEvent _read;
    private readonly AsyncAutoResetEvent _park;
    private readonly AsyncAutoResetEvent _fetch;
    private readonly Task[] _loops;

    // Under _lock.
    private readonly Lock _lock = new();
    private readonly Lane[] _lanes;
    private readonly List<DeliveryStream> _streams = [];
    private DeliveryStream[] _open = []; // the same, to be gone through without the lock
    private readonly Queue<Entry> _ready = new();
    private readonly PriorityQueue<Entry, DateTimeOffset> _backingOff = new();

    // Messages that an app still works on though their lane was lost; they do not go out a second time before the answer.
    private readonly HashSet<(int Partition, Position StreamId)> _stillOut = [];

    // Lanes with messages that were ready when the lane might not send.
    private readonly HashSet<Lane> _withHeldBack = [];
    private int _inHand;
    private long _bytesInHand;
    private long _deliveries;
    private int _turn;

    public Subscription(
        string group,
        string topic,
        Primary primary,
        Membership membership,
        SubscriptionOptions options,
        TimeProvider time,
        Random random,
        ILogger log
    )
    {
        (_group, _topic, _primary, _membership, _options, _time, _random, _log) = (
            group,
            topic,
            primary,
            membership,
            options,
            time,
            random,
            log
        );
        _letters = DeadLetter.TopicOf(options, group, topic);
        (_claims, _retryQueues) = (new(primary, group, topic), new(primary, group, topic));
        Name = MembershipSnapshot.Name(group, topic);
        _lanes = [.. Enumerable.Range(0, primary.Keys.Partitions).Select(p => new Lane(p, options.Order))];
        (_dispatch, _tend, _read, _park, _fetch) = (new(time), new(time), new(time), new(time), new(time));
        primary.OnHandshake(ResumeAsync);
        _loops =
        [
            RunAsync(DispatchAsync),
            RunAsync(TendAsync),
            RunAsync(ParkAsync),
            RunAsync(FetchAsync),
            .. Enumerable.Range(0, Readers).Select(_ => RunAsync(ReadAsync)),
        ];
    }

    /// <summary>As members announce it.</summary>
    public string Name { get; }

    /// <summary>Whether lanes are wanted: a stream is open, and not paused because its sidecar shuts down.</summary>
    public bool IsTaking
    {
        get
        {
            lock (_lock)
            {
                return _streams.Exists(stream => stream.IsTaking);
            }
        }
    }

    /// <summary>Lets a stream take part. Lanes are claimed when the first one comes.</summary>
    public DeliveryStream Attach(string subscribedTopic, SubscriptionOptions options, IDeliverySink sink)
    {
        var stream = new DeliveryStream(this, subscribedTopic, options, sink);
        lock (_lock)
        {
            _streams.Add(stream);
            _open = [.. _streams];
        }
        StreamsChanged();
        return stream;
    }

    /// <summary>Takes a stream out and gives back its messages; when it was the last, the lanes go to whoever wants them.</summary>
    public void Detach(DeliveryStream stream)
    {
        lock (_lock)
        {
            _streams.Remove(stream);
            _open = [.. _streams];
            foreach (var entry in stream.Close())
            {
                GiveBack(entry);
            }
        }
        StreamsChanged();
    }

    public void SetPaused(Action change)
    {
        lock (_lock)
        {
            change();
        }

        StreamsChanged();
    }

    /// <summary>The fencing token under which this process holds the message's lane; one that nobody holds where it does not.</summary>
    public string FencingTokenOf(DeliveryToken token)
    {
        lock (_lock)
        {
            var lane = _lanes[token.Partition];
            return lane.Session == token.Session ? lane.FencingToken : Unheld;
        }
    }

    /// <summary>A step found the lane held by another: what is in hand of it is dropped, and it is claimed anew.</summary>
    public void Fenced(DeliveryToken token)
    {
        lock (_lock)
        {
            if (_lanes[token.Partition].Session == token.Session)
            {
                Lose([_lanes[token.Partition]]);
            }
        }
    }

    /// <summary>A step consumed the message: it is not delivered again, whatever its app still answers.</summary>
    public void Consumed(DeliveryToken token)
    {
        lock (_lock)
        {
            if (_lanes[token.Partition].Find(token.Message) is not { } entry)
            {
                return;
            }

            entry.Consumed = true;
            // One that is out is finished by its answer.
            if (entry.State is not (EntryState.Waiting or EntryState.BackingOff) || !entry.Lane.IsFirst(entry))
            {
                return;
            }

            Finish(entry);
        }
        Dispatch();
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            foreach (var stream in _streams.ToArray())
            {
                stream.Close();
            }

            _streams.Clear();
        }
        _membership.Announce();
        await AnswersArePassedAsync();
        _stopping.CancelHere();
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await LetAllGoAsync();
    }

    /// <summary>A fencing token that no claim ever had.</summary>
    public const string Unheld = "0.0";

    private void StreamsChanged()
    {
        _membership.Announce();
        _tend.Set();
        _dispatch.Set();
    }

    private async Task RunAsync(Func<CancellationToken, Task> loop)
    {
        await Task.Yield();
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await loop(_stopping.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested) { }
            catch (Exception fault)
            {
                // Without one of its loops it would hold lanes and deliver nothing.
                _log.SubscriptionFailed(_topic, fault);
                await Task.Delay(LongestWait, _time, _stopping.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }

    /// <summary>Takes a message out of hand. Under _lock.</summary>
    private void Finish(Entry entry)
    {
        if (entry.State == EntryState.Finished)
        {
            return;
        }

        var next = entry.Lane.Remove(entry);
        Forget(entry);
        if (entry.Sequence is { } sequence)
        {
            Leave(entry, sequence);
        }

        if (next is not null)
        {
            MakeReady(next);
        }
    }

    private void Forget(Entry entry)
    {
        _inHand--;
        _bytesInHand -= entry.Message.Size;
        if (_readIsHeldBack)
        {
            _read.Set();
        }

        if (_fetchIsHeldBack)
        {
            _fetch.Set();
        }
    }

    /// <summary>Under _lock.</summary>
    private void MakeReady(Entry entry)
    {
        if (entry.Consumed)
        {
            Finish(entry);
        }
        else if (entry.State == EntryState.Waiting && !_stillOut.Contains((entry.Lane.Partition, entry.Message.StreamId)))
        {
            _ready.Enqueue(entry);
        }
    }
}
