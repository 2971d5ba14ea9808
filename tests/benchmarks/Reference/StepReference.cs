using System.Diagnostics;
using System.Threading.Channels;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Scenarios;
using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Benchmarks.Reference;

/// <summary>
/// The steps of <see cref="StepScenario"/> without a component: lanes of its own are claimed, messages are read ahead with
/// XRANGE, and batches of steps go to the same function over one plain connection, one in flight as its protocol wants. The next
/// batch is written while one is on its way.
/// </summary>
internal sealed class StepReference : IAsyncDisposable
{
    private const string Group = "reference";
    private const string Topic = "steps";
    private const int PageSize = 64;
    private const int ReadAhead = 1024;
    private const int Keys = 10_000;
    private const int Stride = 7_919;

    // What the component adds around the data of an emitted message is part of what is stored here too.
    private static readonly byte[] Message = Payload.Value(Scenario.PayloadBytes);

    private readonly NamespaceOptions _options = new() { Name = "reference" };
    private readonly PlainRedis _plain;
    private readonly Darq.Engine.Redis.Keys _keys;
    private readonly Channel<(int Partition, Position Id)> _messages = Channel.CreateBounded<(int, Position)>(ReadAhead);
    private readonly CancellationTokenSource _stopping = new();
    private HandshakeResult _handshake = null!;
    private string[] _fencingTokens = [];
    private Position[] _readUpTo = [];
    private Task _reading = Task.CompletedTask;
    private long _number;
    private int _lastKey;

    private StepReference(PlainRedis plain) => (_plain, _keys) = (plain, new(_options.Name, _options.Partitions));

    /// <summary>How many steps a batch holds.</summary>
    public int BatchSize { get; set; } = 1;

    public static async Task<StepReference> StartAsync(int port, int supply)
    {
        var reference = new StepReference(await PlainRedis.ConnectAsync(port));
        await reference.ConnectAsync(port);
        await reference.ClaimAsync();
        for (var seeded = 0; seeded < supply; seeded += PageSize)
        {
            await reference.SendAsync([
                .. Enumerable.Range(seeded, PageSize).Select(number => reference.Step(number % reference._options.Partitions, [], [])),
            ]);
        }

        reference._reading = reference.ReadAsync();
        return reference;
    }

    public async Task<Round> RunAsync(TimeSpan duration)
    {
        var latency = new Histogram();
        long steps = 0;
        var end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var next = await ComposeAsync();
        while (Stopwatch.GetTimestamp() is var began && began < end)
        {
            var count = next.Count;
            var sending = SendAsync(next);
            next = await ComposeAsync();
            await sending;
            var now = Stopwatch.GetTimestamp();
            if (now > end)
            {
                break;
            }

            steps += count;
            for (var i = 0; i < count; i++)
            {
                latency.Record(now - began);
            }
        }

        // What was taken for the next round is done now, so that no message is left behind.
        await SendAsync(next);
        return new(steps, duration.TotalSeconds, latency);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _plain.DisposeAsync();
        _stopping.Dispose();
    }

    /// <summary>Namespace, recovery and session, made by the component's own code on a connection that is then closed.</summary>
    private async Task ConnectAsync(int port)
    {
        await using var redis = new RedisClient(new() { Host = "127.0.0.1", Port = port }, TimeProvider.System);
        _handshake = await new Handshake(redis, _keys, _options, Random.Shared).RunAsync(
            null,
            answered: 0,
            null,
            worldLine: 0,
            CancellationToken.None
        );
    }

    private async Task ClaimAsync()
    {
        var arguments = new List<RedisArgument> { "claim", _handshake.Session.Id, Group, Topic, _handshake.WorldLine };
        PartitionList.Of(_keys, Enumerable.Range(0, _options.Partitions)).WriteTo(arguments);
        arguments.AddRange(Enumerable.Repeat((RedisArgument)"", _options.Partitions));
        var claims = (await _plain.CallAsync(new(FunctionLibrary.Function("claim"), _keys.PartitionHeader(0), arguments)))
            .Select(claim => claim.Split(' '))
            .ToArray();
        if (claims.FirstOrDefault(claim => claim[0] != "OK") is { } refused)
        {
            throw new LoadFailedException($"a lane was not claimed: {string.Join(' ', refused)}");
        }

        _fencingTokens = [.. claims.Select(claim => claim[1])];
        _readUpTo = [.. claims.Select(claim => Position.Parse(claim[2]))];
    }

    private async Task ReadAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            var found = 0;
            for (var partition = 0; partition < _options.Partitions; partition++)
            {
                var ids = await _plain.RangeAsync(_keys.Stream(partition, Topic), _readUpTo[partition].ToString(), PageSize);
                foreach (var id in ids)
                {
                    _readUpTo[partition] = Position.Parse(id);
                    await _messages.Writer.WriteAsync((partition, _readUpTo[partition]), _stopping.Token);
                }

                found += ids.Count;
            }

            // Only at one outstanding step and an empty supply could this turn without work.
            if (found == 0)
            {
                await Task.Yield();
            }
        }
    }

    private async Task<List<StepRequest>> ComposeAsync()
    {
        var batch = new List<StepRequest>(BatchSize);
        while (batch.Count < BatchSize)
        {
            var (partition, id) = await _messages.Reader.ReadAsync(_stopping.Token);
            var token = new DeliveryToken(_handshake.Session.Id, Group, Topic, partition, id, 1, id.ToString());
            var key = Payload.Key(Template.Digits(_lastKey = (_lastKey + Stride) % Keys));
            var write = StateWrite.From(new(StateChange.Upsert, new(key)) { Value = Message }, _options);
            batch.Add(Step(partition, [new(token, () => _fencingTokens[partition])], [write]));
        }

        return batch;
    }

    private StepRequest Step(int partition, Consumption[] consumed, StateWrite[] writes) =>
        new(_options)
        {
            Home = partition,
            Consumed = consumed,
            Operations = writes,
            Emits =
            [
                new Append
                {
                    Partition = partition,
                    Topic = Topic,
                    Id = $"{_lastKey}",
                    Data = Message,
                },
            ],
        };

    private async Task SendAsync(List<StepRequest> batch)
    {
        var session = _handshake.Session;
        var writer = new BatchWriter(_keys);
        foreach (var request in batch)
        {
            writer.Add(request);
        }

        var key = _keys.Session(session.Partition, session.Id);
        var reply = await _plain.CallAsync(writer.ToCall(key, frees: false, ++_number, _handshake.WorldLine, Session.Life, batch.Count));
        var lines = reply[0].Split('\n');
        if (lines.Length != batch.Count + 1 || lines.FirstOrDefault(line => !line.StartsWith("OK", StringComparison.Ordinal)) is not null)
        {
            throw new LoadFailedException(
                "a batch of the reference was answered: "
                    + $"{lines.FirstOrDefault(line => !line.StartsWith("OK", StringComparison.Ordinal)) ?? lines[0]}"
            );
        }
    }
}
