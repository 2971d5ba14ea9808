using System.Globalization;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reference;
using Darq.Protos;

namespace Darq.Benchmarks.Scenarios;

/// <summary>
/// Publishing events that no group reads, one or a hundred in a call. Each has an id of its own, so each is looked up and
/// remembered as a possible duplicate, which XADD does not do. Every pair has topics of its own, deleted after it.
/// </summary>
internal sealed class PublishScenario(Stage stage, int perCall) : Scenario(stage)
{
    private const string PlainStream = "plain:stream";

    private readonly byte[] _payload = Payload.Value(PayloadBytes);
    private int _topics;
    private long _events;
    private UnaryLoad? _load;

    public override string Unit => "message";

    public override string Reference => perCall == 1 ? "XADD" : $"{perCall} XADD pipelined";

    public override Task PrepareAsync()
    {
        Stage.Initialise();
        return Task.CompletedTask;
    }

    public override Task BeforeOursAsync(TimeSpan duration)
    {
        var topic = string.Create(CultureInfo.InvariantCulture, $"published{++_topics}");
        var method = new Method("PubSub", perCall == 1 ? "Publish" : "BulkPublish", Stage.PubSub);
        var template = perCall == 1 ? new Template(One(topic)) : new Template(Many(topic));
        if (template.Places != perCall)
        {
            throw new InvalidOperationException($"The request has {template.Places} ids; {perCall} were meant.");
        }

        _load = new UnaryLoad(Stage.Connection, method, template, Outstanding) { Next = Number, Weight = perCall };
        return Task.CompletedTask;
    }

    public override Task<Round> OursAsync(TimeSpan duration) => OnItsOwnThreadAsync(() => _load!.Run(duration));

    public override Task<Round> ReferenceAsync(TimeSpan duration) => Workers.RunAsync(Outstanding, duration, _ => AppendAsync(), perCall);

    public override async Task AfterPairAsync() =>
        await Task.WhenAll(Stage.Plain.ClearAsync("*published*"), Stage.Plain.ClearAsync(PlainStream));

    private void Number(Template template) => _events = template.PutCounting(_events);

    private Task AppendAsync() =>
        perCall == 1
            ? Stage.Plain.AppendAsync(PlainStream, _payload)
            : Task.WhenAll(Enumerable.Range(0, perCall).Select(_ => Stage.Plain.AppendAsync(PlainStream, _payload)));

    private static PublishRequest One(string topic) =>
        new()
        {
            Data = Payload.Event(topic, PayloadBytes),
            PubsubName = Stage.PubSub,
            Topic = topic,
        };

    private BulkPublishRequest Many(string topic)
    {
        var request = new BulkPublishRequest { PubsubName = Stage.PubSub, Topic = topic };
        for (var i = 0; i < perCall; i++)
        {
            request.Entries.Add(
                new BulkMessageEntry
                {
                    EntryId = i.ToString(CultureInfo.InvariantCulture),
                    Event = Payload.Event(topic, PayloadBytes),
                    ContentType = "application/cloudevents+json",
                }
            );
        }

        return request;
    }
}
