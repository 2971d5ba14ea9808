using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reference;
using Darq.Protos;
using Google.Protobuf;

namespace Darq.Benchmarks.Scenarios;

/// <summary>
/// Reading or writing single values under ten thousand keys, each as often as the others; all of them exist from the beginning.
/// </summary>
internal sealed class StateScenario : Scenario
{
    private const int Keys = 10_000;

    // Prime to the number of keys, so that all are used and neighbours in time are no neighbours in the server.
    private const int Stride = 7_919;

    private readonly bool _writes;
    private readonly byte[] _value = Payload.Value(PayloadBytes);
    private readonly string[] _names = [.. Enumerable.Range(0, Keys).Select(number => Payload.Key(Template.Digits(number)))];
    private readonly UnaryLoad _load;
    private readonly int[] _lastKeys = new int[Outstanding];
    private int _lastKey;

    public StateScenario(Stage stage, bool writes)
        : base(stage)
    {
        _writes = writes;
        IMessage request = writes ? Writing() : new GetRequest { Key = Payload.Key(Template.Marker) };
        _load = new UnaryLoad(stage.Connection, new("StateStore", writes ? "Set" : "Get", Stage.State), new(request), Outstanding)
        {
            Next = template => template.Put(_lastKey = (_lastKey + Stride) % Keys),
            LeastAnswerBytes = writes ? 0 : PayloadBytes,
        };
    }

    public override string Unit => "key";

    public override string Reference => _writes ? "SET" : "GET";

    public override async Task PrepareAsync()
    {
        Stage.Initialise();
        var template = new Template(Writing());
        var number = 0;
        var filling = new UnaryLoad(Stage.Connection, new("StateStore", "Set", Stage.State), template, Outstanding)
        {
            Next = next => next.Put(number++ % Keys),
        };
        while (number < Keys + Outstanding)
        {
            filling.Run(TimeSpan.FromMilliseconds(100));
        }

        foreach (var name in _names)
        {
            await Stage.Plain.SetAsync(name, _value);
        }
    }

    public override Task<Round> OursAsync(TimeSpan duration) => OnItsOwnThreadAsync(() => _load.Run(duration));

    public override Task<Round> ReferenceAsync(TimeSpan duration)
    {
        for (var worker = 0; worker < Outstanding; worker++)
        {
            _lastKeys[worker] = worker * (Keys / Outstanding);
        }

        return Workers.RunAsync(Outstanding, duration, worker =>
            _writes ? Stage.Plain.SetAsync(NextName(worker), _value) : GetAsync(NextName(worker))
        );
    }

    private string NextName(int worker) => _names[_lastKeys[worker] = (_lastKeys[worker] + Stride) % Keys];

    private async Task GetAsync(string name)
    {
        if ((await Stage.Plain.GetAsync(name)).Length != PayloadBytes)
        {
            throw new LoadFailedException($"GET {name} found another value than was set");
        }
    }

    private SetRequest Writing() =>
        new()
        {
            Key = Payload.Key(Template.Marker),
            Value = ByteString.CopyFrom(_value),
            Options = new StateOptions(),
        };
}
