using System.Text.Json.Nodes;
using Darq.Protos;
using Darq.Tests.Contract.Recordings;
using Darq.Tests.Shared;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Reflection.V1Alpha;

namespace Darq.Tests.Contract.Replays;

/// <summary>
/// One replay: what a recorded sidecar said to its component is said to ours, in a namespace of its own. (1) Line by line, in the recorded
/// order. (2) The sidecar ends and starts once more, so that all that is left is delivered. (3) Nothing is missing, nothing came twice,
/// doctor finds nothing, and the log has no error.
/// </summary>
internal sealed class Replay : IAsyncDisposable
{
    private const string Group = "shop";
    private const int Unavailable = 14;

    private const string Publisher = "publisher";

    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ReplayStage _stage;
    private readonly string? _restartAt;
    private readonly MessageLedger _ledger = new();
    private readonly ReplayedRequest _requests;
    private readonly ReplayedConnections _connections;
    private readonly ReplayedStreams _streams;
    private readonly ReplayedCalls _calls;
    private readonly AnswerRules _rules;
    private readonly HashSet<JsonObject> _givenUp;
    private readonly List<string> _faults = [];
    private bool _restarted;

    private Replay(ReplayStage stage, Scenario scenario, string? restartAt)
    {
        (_stage, _restartAt) = (stage, restartAt);
        _requests = new(stage.Redis.Host, stage.NextNamespace(), scenario.Component.Rules.Any(IsAway));
        _connections = new(stage.Component.Socket);
        _streams = new(_ledger);
        _calls = new(stage.Redis, _ledger, _streams);
        _rules = new(scenario.Component.Rules);
        _givenUp = GivenUp(scenario.Recorded);
    }

    /// <summary>What was wrong, and which calls were refused. The component dies where the recorded one did.</summary>
    public static async Task<(IReadOnlyList<string> Faults, IReadOnlyList<string> Refusals)> RunAsync(
        ReplayStage stage,
        Scenario scenario,
        string? restartAt
    )
    {
        await stage.PrepareAsync();
        await using var replay = new Replay(stage, scenario, restartAt);
        await replay.InitPublisherAsync();
        foreach (var line in scenario.Recorded)
        {
            await replay.SayAsync(line);
        }

        await replay.DrainAsync();
        return (await replay.FaultsAsync(), replay._calls.Refusals);
    }

    public async ValueTask DisposeAsync()
    {
        await _streams.ResetAllAsync();
        _streams.Dispose();
        _connections.Dispose();
    }

    private async Task SayAsync(JsonObject line)
    {
        var (from, to, call) = ((string)line["from"]!, (string)line["to"]!, (string)line["call"]!);
        var isBinding = call == "InputBinding/Read";
        if (from == "component" && line["message"] is JsonObject pushed && line["stream"] is not null)
        {
            await PushAsync((string)line["stream"]!, isBinding, pushed);
        }
        else if (from == "sidecar" && to == "component")
        {
            if (!_restarted && _restartAt is not null && line.ContainsKey(_restartAt))
            {
                await RestartAsync();
            }

            if (call == "reflection.v1alpha")
            {
                await ReflectAsync();
            }
            else if (ComponentMethods.Of(call) is { IsClientStreaming: true } method)
            {
                await SayOnStreamAsync(line, method, isBinding);
            }
            else
            {
                await CallAsync(line, ComponentMethods.Of(call));
            }
        }
    }

    private Task SayOnStreamAsync(JsonObject line, MethodDescriptor method, bool isBinding)
    {
        if (line.ContainsKey("opened"))
        {
            var connection = _connections.Of(method, (string?)line["headers"]?["x-component-instance"]);
            if (isBinding)
            {
                _streams.OpenBinding(connection);
            }
            else
            {
                _streams.OpenSubscription(connection);
            }

            return Task.CompletedTask;
        }

        var stream = (string)line["stream"]!;
        if (line.ContainsKey("closed"))
        {
            return _streams.CloseAsync(stream, isBinding, SettledAsync);
        }

        var message = line["message"]!.AsObject();
        return message.ContainsKey("topic")
            ? _streams.NameAsync(message)
            : _streams.AnswerAsync(stream, isBinding, (string?)message[isBinding ? "message_id" : "ack_message_id"] ?? "", message);
    }

    private async Task CallAsync(JsonObject line, MethodDescriptor method)
    {
        var header = (string?)line["headers"]?["x-component-instance"];
        var connection = _connections.Of(method, header);
        var content = line["message"]?.DeepClone() as JsonObject ?? [];
        content["instance"] = header;
        var rule = _rules.Find((string)line["call"]!, content);
        var request = _requests.Of(method, connection.Instance, line["message"] as JsonObject);
        if (method.Name == "Init")
        {
            var group = (string?)line["message"]?["metadata"]?["properties"]?["consumerID"] ?? Group;
            connection = _connections.Reopen(method, connection.Instance, request, group);
        }

        var weather =
            _givenUp.Contains(line) ? CallWeather.GivenUp
            : method.Name != "Init" && rule is not null && IsAway(rule) ? CallWeather.RedisIsAway
            : CallWeather.Fine;
        if (method.Name is "Init" or "Resume")
        {
            _streams.Resume(connection.Instance);
        }

        await _calls.SendAsync(connection, method, request, weather);
        if (method.Name == "Pause")
        {
            _streams.Pause(connection.Instance);
        }
    }

    /// <summary>What the recorded component pushed is published by another app; metadata that nobody may publish is left away.</summary>
    private async Task PushAsync(string stream, bool isBinding, JsonObject message)
    {
        var type = isBinding ? ReadResponse.Descriptor : PullMessagesResponse.Descriptor;
        if (message.ContainsKey("bytes"))
        {
            message = MessageOf(type, (string)message["bytes"]!);
        }

        var pushed = MessageJson.Parse(type, ReplayedRequest.Restore(message));
        var (id, data, metadata) = pushed is ReadResponse read
            ? (read.MessageId, read.Data, read.Metadata)
            : (((PullMessagesResponse)pushed).Id, ((PullMessagesResponse)pushed).Data, ((PullMessagesResponse)pushed).Metadata);
        var request = new PublishRequest { Topic = ReplayedStream.LogOf(stream), Data = data };
        request.Metadata.Add(metadata);
        if (!await PublishAsync(request, number => _streams.Expect(new(stream, isBinding, id, number, data.ToStringUtf8()))))
        {
            request.Metadata.Clear();
            await PublishAsync(request, number => _streams.Expect(new(stream, isBinding, id, number, data.ToStringUtf8())));
        }
    }

    /// <summary>The message in raw bytes; one without content where they are none, which no publisher can send.</summary>
    private static JsonObject MessageOf(MessageDescriptor type, string bytes)
    {
        try
        {
            return MessageJson.Of(type.Parser.ParseFrom(Convert.FromBase64String(bytes)));
        }
        catch (InvalidProtocolBufferException)
        {
            return [];
        }
    }

    private Task<bool> PublishAsync(PublishRequest request, Action<int> publishing)
    {
        var method = ComponentMethods.Of("PubSub/Publish");
        return _calls.SendAsync(_connections.Of(method, Publisher), method, request, publishing: publishing);
    }

    private Task<bool> InitPublisherAsync()
    {
        var method = ComponentMethods.Of("PubSub/Init");
        var request = new PubSubInitRequest { Metadata = ComponentClient.Metadata([.. _requests.Settings, ("consumerID", Publisher)]) };
        return _calls.SendAsync(_connections.Reopen(method, Publisher, request, Publisher), method, request);
    }

    private async Task ReflectAsync()
    {
        using var channel = new Shared.GrpcClient.SocketChannel(_stage.Component.Socket);
        using var call = channel.Open("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
        await call.WriteAsync(new ServerReflectionRequest { ListServices = "*" });
        var answer = await call.ReadAsync(ServerReflectionResponse.Parser);
        var listed = answer?.ListServicesResponse?.Service.Select(service => service.Name).ToHashSet() ?? [];
        _faults.AddRange(
            ComponentMethods.Services.Where(service => !listed.Contains(service.FullName)).Select(s => $"{s.Name} is not listed")
        );
    }

    private async Task RestartAsync()
    {
        _restarted = true;
        foreach (var stream in _streams.Open)
        {
            await SettledAsync(stream);
        }

        await _streams.LoseAllAsync(_stage.Component.KillAsync);
        _ledger.Restart();
        await _stage.RestartAsync();
        using var publisher = new ComponentClient(_stage.Component.Socket, Publisher);
        await Eventually.TrueAsync(
            async () => (await publisher.RefusalAsync("PubSub/Ping", new PingRequest())).IsOK,
            StartTime,
            "the component has reached Redis again"
        );
    }

    /// <summary>Waits until Redis has the acknowledgements that were sent on a stream: what a reset may overtake is none.</summary>
    private Task SettledAsync(ReplayedStream stream) =>
        Eventually.TrueAsync(
            async () =>
            {
                var metrics = await _stage.Admin.MetricsAsync();
                var labels = new[] { $"namespace={_requests.Namespace}", $"group={stream.Group}", $"topic={stream.Log}" };
                var settled =
                    metrics.Value("darq_messages_acked_total", labels) + metrics.Value("darq_messages_consumed_total", labels) ?? 0;
                return settled == _ledger.Acked(stream.Group, stream.Log);
            },
            Patience,
            $"Redis has the acknowledgements of {stream}"
        );

    /// <summary>The sidecar ends and starts once more, and its app takes whatever comes.</summary>
    private async Task DrainAsync()
    {
        await _streams.CloseAllAsync(SettledAsync);
        _streams.Drain();
        foreach (var (instance, method, request) in _connections.Inits)
        {
            var connection = _connections.Reopen(method, instance, request, _connections.Of(method, instance).Group);
            await _calls.SendAsync(connection, method, request);
            switch (method.Service.Name)
            {
                case "InputBinding":
                    _streams.OpenBinding(connection);
                    break;
                case "PubSub" when instance != Publisher || _ledger.Topics.Any(topic => !_ledger.HasSubscriber(topic)):
                    foreach (var topic in TopicsOf(connection))
                    {
                        _streams.OpenSubscription(connection);
                        await _streams.NameAsync(new() { ["topic"] = new JsonObject { ["name"] = topic } });
                    }

                    break;
            }
        }

        await Task.WhenAny(Eventually.TrueAsync(() => _ledger.Missing().Count == 0, Patience, "all is delivered"), Task.Delay(Patience));
        if (_ledger.Missing().Count == 0)
        {
            await _streams.CloseAllAsync(SettledAsync);
        }
    }

    private string[] TopicsOf(ReplayedConnection connection) =>
        [.. _ledger.Topics.Where(topic => _ledger.IsSubscribed(connection.Group, topic) || !_ledger.HasSubscriber(topic))];

    private async Task<IReadOnlyList<string>> FaultsAsync()
    {
        await using var doctor = await ChildProcess.StartAsync(
            Repository.Component,
            ["doctor", "--redis-host", _stage.Redis.Host, "--namespace", _requests.Namespace]
        );
        var code = await doctor.WaitForExitAsync(Patience);
        return
        [
            .. _faults,
            .. _calls.Faults,
            .. _streams.Faults,
            .. _ledger.Violations,
            .. _ledger.Missing().Select(missing => $"never acknowledged: {missing}"),
            .. _stage.Errors(),
            .. code == 0 ? [] : doctor.Output.All.Prepend($"doctor ends with {code}"),
        ];
    }

    private static bool IsAway(JsonObject rule) => (int?)rule["error"]?["code"] == Unavailable;

    /// <summary>The calls that the sidecar gave up while the recorded component was still at work on them.</summary>
    private static HashSet<JsonObject> GivenUp(IEnumerable<JsonObject> lines)
    {
        var (open, found) = (new Dictionary<string, Queue<JsonObject>>(), new HashSet<JsonObject>());
        foreach (var line in lines.Where(line => line["stream"] is null && !line.ContainsKey("opened")))
        {
            var call = (string)line["call"]!;
            if ((string?)line["to"] == "component")
            {
                (open.TryGetValue(call, out var queue) ? queue : open[call] = new()).Enqueue(line);
            }
            else if (line.ContainsKey("done") && !(bool)line["active"]!)
            {
                found.Add(open[call].Dequeue());
            }
        }

        return found;
    }
}
