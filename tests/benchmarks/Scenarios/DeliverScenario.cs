using System.Threading.Channels;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reference;

namespace Darq.Benchmarks.Scenarios;

/// <summary>
/// Deliveries that are answered and do nothing else, from a topic that is full when a round begins. What an app would have
/// without us is a stream that it reads ahead and deletes from.
/// </summary>
internal sealed class DeliverScenario(Stage stage) : Scenario(stage)
{
    private const string Topic = "delivered";
    private const string PlainStream = "plain:stream";
    private const int PageSize = 64;
    private const int ReadAhead = 1024;

    // How many may be needed in a second; once a round has shown it, a third more than that.
    private const double FirstSupply = 40_000;
    private const double Margin = 1.33;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly byte[] _payload = Payload.Value(PayloadBytes);
    private Supplier? _supplier;
    private DeliverLoad? _load;
    private double _perSecond = FirstSupply;
    private double _referencePerSecond = FirstSupply;
    private long _waiting;
    private bool _warm;

    public override string Unit => "message";

    public override string Reference => "XRANGE ahead, an XDEL each";

    public override Task PrepareAsync()
    {
        Stage.Initialise(("maxInFlight", $"{Outstanding}"));
        _supplier = new Supplier(Stage.Connection, Stage.PubSub, Topic, PayloadBytes);
        _load = new DeliverLoad(Stage.Connection, Stage.PubSub, Topic);
        return Task.CompletedTask;
    }

    public override Task BeforeOursAsync(TimeSpan duration)
    {
        var missing = (long)(_perSecond * duration.TotalSeconds * Margin) - (_load!.Supplied - _load.Delivered);
        _load.Supplied += _supplier!.Publish(missing);
        _load.Fill(_warm ? Outstanding : 1, Patience);
        _load.ForgetPlaces();
        _warm = true;
        return Task.CompletedTask;
    }

    public override async Task<Round> OursAsync(TimeSpan duration)
    {
        var round = await OnItsOwnThreadAsync(() => _load!.Run(duration));
        _perSecond = round.PerSecond;
        return round;
    }

    public override async Task BeforeReferenceAsync(TimeSpan duration, Round ours)
    {
        await Stage.Plain.ClearAsync(PlainStream);
        _waiting = (long)(_referencePerSecond * duration.TotalSeconds * Margin);
        var left = _waiting;
        await Task.WhenAll(
            Enumerable
                .Range(0, Outstanding)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        while (Interlocked.Decrement(ref left) >= 0)
                        {
                            await Stage.Plain.AppendAsync(PlainStream, _payload);
                        }
                    })
                )
        );
    }

    public override async Task<Round> ReferenceAsync(TimeSpan duration)
    {
        var ids = Channel.CreateBounded<string>(ReadAhead);
        using var exhausted = new CancellationTokenSource();
        using var over = new CancellationTokenSource();
        var reading = ReadAsync(ids.Writer, over.Token);
        var taken = 0L;
        var round = await Workers.RunAsync(
            Outstanding,
            duration,
            async _ =>
            {
                // The last messages go to whoever asks first; the others find the round over.
                if (Interlocked.Increment(ref taken) > _waiting)
                {
                    await exhausted.CancelAsync();
                    return;
                }

                await Stage.Plain.DeleteAsync(PlainStream, await ids.Reader.ReadAsync(CancellationToken.None));
            },
            exhausted: exhausted.Token
        );
        await over.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _referencePerSecond = round.PerSecond;
        return round;
    }

    private async Task ReadAsync(ChannelWriter<string> ids, CancellationToken over)
    {
        var last = "0-0";
        while (await Stage.Plain.RangeAsync(PlainStream, last, PageSize) is { Count: > 0 } page)
        {
            foreach (var id in page)
            {
                await ids.WriteAsync(id, over);
            }

            last = page[^1];
        }
    }
}
