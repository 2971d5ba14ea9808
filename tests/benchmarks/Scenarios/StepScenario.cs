using System.Text;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reference;
using Darq.Protos;
using Google.Protobuf;

namespace Darq.Benchmarks.Scenarios;

/// <summary>
/// Steps: a message is delivered, one transaction consumes it, writes one value and emits one message, and the delivery is
/// answered. What is emitted goes to the same topic, so the supply never ends and never grows.
/// </summary>
internal sealed class StepScenario(Stage stage, int outstanding) : Scenario(stage)
{
    private const string Topic = "steps";
    private const int Supply = 16_384;
    private const int Keys = 10_000;
    private const int Stride = 7_919;

    // What the component adds around the data of an emitted message.
    private const int EnvelopeBytes = 205;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private StepLoad? _load;
    private StepReference? _reference;
    private int _lastKey;
    private bool _warm;

    public override string Unit => "step";

    public override string Reference => "the same function, in batches of the same size";

    public override async Task PrepareAsync()
    {
        Stage.Initialise(("maxInFlight", outstanding.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        new Supplier(Stage.Connection, Stage.PubSub, Topic, PayloadBytes).Publish(Supply);
        _load = new StepLoad(Stage.Connection, Stage.PubSub, Stage.State, Topic, Transaction(), NextKey);
        _reference = await StepReference.StartAsync(Stage.RedisPort, Supply);
    }

    /// <summary>A stream's window widens by and by; after the warm-up it has to be as wide as the row says.</summary>
    public override Task BeforeOursAsync(TimeSpan duration)
    {
        _load!.Fill(_warm ? outstanding : 1, Patience);
        _warm = true;
        return Task.CompletedTask;
    }

    public override Task BeforeReferenceAsync(TimeSpan duration, Round ours)
    {
        _reference!.BatchSize = (int)Math.Clamp(Math.Round((double)ours.Operations / Math.Max(1, ours.Cost.FunctionCalls)), 1, outstanding);
        return Task.CompletedTask;
    }

    public override Task<Round> OursAsync(TimeSpan duration) => OnItsOwnThreadAsync(() => _load!.Run(duration));

    public override Task<Round> ReferenceAsync(TimeSpan duration) => _reference!.RunAsync(duration);

    public override async ValueTask DisposeAsync()
    {
        if (_reference is not null)
        {
            await _reference.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    private void NextKey(Template template) => template.Put(_lastKey = (_lastKey + Stride) % Keys);

    private static TransactionalStateRequest Transaction() =>
        new()
        {
            Operations =
            {
                new TransactionalStateOperation
                {
                    Set = new SetRequest
                    {
                        Key = Payload.Key(Template.Marker),
                        Value = ByteString.CopyFrom(Payload.Value(PayloadBytes)),
                        Options = new StateOptions(),
                    },
                },
            },
            Metadata =
            {
                ["darq.emit"] =
                    $"[{{\"topic\":\"{Topic}\",\"data\":{Encoding.ASCII.GetString(Payload.Value(PayloadBytes - EnvelopeBytes))}}}]",
            },
        };
}
