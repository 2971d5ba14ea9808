using System.Buffers.Binary;
using System.Diagnostics;
using Darq.Benchmarks.Measuring;
using Darq.Protos;

namespace Darq.Benchmarks.Client;

/// <summary>
/// A subscription whose deliveries are worked on and answered while a round runs, and kept unanswered between rounds. The
/// answers of one turn go out in reverse: a stream's window only widens when answers overtake each other, as those of
/// concurrent handlers do.
/// </summary>
internal abstract class PullLoad : ICallSink
{
    private const int PrefixBytes = 5;
    private const int IdField = 5;
    private const int AckField = 2;
    private const int LongestToken = 512;

    private readonly Call _pull;
    private readonly List<Work> _held = [];
    private readonly List<Work> _answered = [];
    private readonly Stack<Work> _idle = new();
    private Histogram _latency = new();
    private long _end;
    private int _open;
    private bool _running;

    protected PullLoad(LoadConnection connection, string instance, string topic)
    {
        Connection = connection;
        _pull = connection.Open(new("PubSub", "PullMessages", instance), this);
        connection.Send(_pull, Template.Framed(new PullMessagesRequest { Topic = new Topic { Name = topic } }));
    }

    /// <summary>Deliveries that came in all.</summary>
    public long Delivered { get; private set; }

    protected LoadConnection Connection { get; }

    /// <summary>Whether everything that was supplied has been delivered.</summary>
    protected virtual bool IsExhausted => false;

    /// <summary>Works on deliveries until the time is over, or until there will be no more of them.</summary>
    public Round Run(TimeSpan duration)
    {
        _latency = new Histogram();
        var start = Stopwatch.GetTimestamp();
        _end = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        _running = true;
        foreach (var work in _held)
        {
            Begin(work);
        }

        _held.Clear();
        while (Stopwatch.GetTimestamp() < _end && !IsExhausted)
        {
            Turn();
        }

        var seconds = Math.Min(Stopwatch.GetElapsedTime(start).TotalSeconds, duration.TotalSeconds);
        _running = false;
        while (_open > 0 || _answered.Count > 0)
        {
            Turn();
        }

        return new(_latency.Count, seconds, _latency);
    }

    /// <summary>Waits until so many deliveries are here unanswered, which is where every round begins.</summary>
    public void Fill(int deliveries, TimeSpan patience)
    {
        var start = Stopwatch.GetTimestamp();
        while (_held.Count < deliveries)
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                throw new LoadFailedException($"{_held.Count} deliveries were out at once; {deliveries} were to be");
            }

            Connection.Pump();
        }
    }

    public void Received(Call call, ReadOnlySpan<byte> message)
    {
        Delivered++;
        var work = _idle.Count > 0 ? _idle.Pop() : new Work();
        work.Take(Fields.Find(message, IdField));
        Read(work, message);
        if (_running)
        {
            Begin(work);
        }
        else
        {
            _held.Add(work);
        }
    }

    public void Completed(Call call) => throw new LoadFailedException("the component ended the subscription");

    /// <summary>Takes from a delivery what its handler needs; the bytes are only valid during the call.</summary>
    protected virtual void Read(Work work, ReadOnlySpan<byte> message) { }

    /// <summary>Sends what is due; says how many milliseconds the next turn may wait for the component.</summary>
    protected virtual int Prepare() => LoadConnection.MaxWaitMilliseconds;

    /// <summary>Starts to work on a delivery; <see cref="Done"/> ends it.</summary>
    protected abstract void Handle(Work work);

    /// <summary>The answer to a delivery was written.</summary>
    protected virtual void Answered() { }

    protected void Done(Work work)
    {
        _open--;
        var now = Stopwatch.GetTimestamp();
        if (now <= _end)
        {
            _latency.Record(now - work.Began);
        }

        _answered.Add(work);
    }

    private void Begin(Work work)
    {
        _open++;
        work.Began = Stopwatch.GetTimestamp();
        Handle(work);
    }

    private void Turn()
    {
        Connection.Pump(Prepare());
        for (var i = _answered.Count - 1; i >= 0; i--)
        {
            Connection.Send(_pull, _answered[i].Answer);
            Answered();
            _idle.Push(_answered[i]);
        }

        _answered.Clear();
    }

    /// <summary>One delivery: its token, and the answer that says it is done with.</summary>
    internal sealed class Work
    {
        private readonly byte[] _token = new byte[LongestToken];
        private readonly byte[] _answer = new byte[LongestToken + 16];
        private int _tokenBytes;
        private int _answerBytes;

        public ReadOnlySpan<byte> Token => _token.AsSpan(0, _tokenBytes);

        public ReadOnlySpan<byte> Answer => _answer.AsSpan(0, _answerBytes);

        public long Began { get; set; }

        /// <summary>Which message it is, for a load that counts its messages.</summary>
        public long Number { get; set; }

        public void Take(ReadOnlySpan<byte> token)
        {
            token.CopyTo(_token);
            _tokenBytes = token.Length;
            var length = Fields.Write(_answer.AsSpan(PrefixBytes), AckField, token);
            BinaryPrimitives.WriteInt32BigEndian(_answer.AsSpan(1), length);
            _answerBytes = PrefixBytes + length;
        }
    }
}
