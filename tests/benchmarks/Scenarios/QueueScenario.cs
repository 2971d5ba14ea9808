using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reference;

namespace Darq.Benchmarks.Scenarios;

/// <summary>
/// A queue at work: a hundred publishers and a hundred handlers at once, until the last message is done with. The reference is a queue
/// library on the same Redis, in the language that it is written in.
/// </summary>
internal sealed class QueueScenario(Stage stage) : Scenario(stage)
{
    private const string Topic = "queued";
    private const int Concurrency = 100;

    // Twenty thousand in a round of the usual length.
    private const double PerSecondOfRound = 20_000 / 3.0;

    private WindowLoad? _load;
    private BullMq? _reference;

    public override string Unit => "message";

    public override string Reference => "BullMQ";

    public override int? ReferenceProcess => _reference!.ProcessId;

    public override async Task PrepareAsync()
    {
        Stage.Initialise(("maxInFlight", $"{Concurrency}"));
        _load = new WindowLoad(Stage.Connection, Stage.PubSub, Topic, PayloadBytes, Concurrency);
        _reference = await BullMq.StartAsync(Stage.RedisPort, Concurrency, PayloadBytes);
    }

    public override Task<Round> OursAsync(TimeSpan duration) => OnItsOwnThreadAsync(() => _load!.Run(MessagesIn(duration)));

    public override Task<Round> ReferenceAsync(TimeSpan duration) => _reference!.RunAsync(MessagesIn(duration));

    public override async ValueTask DisposeAsync()
    {
        if (_reference is not null)
        {
            await _reference.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    private static long MessagesIn(TimeSpan duration) => (long)Math.Round(duration.TotalSeconds * PerSecondOfRound);
}
