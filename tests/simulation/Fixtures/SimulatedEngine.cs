using System.Text;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Steps.Json;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Testing.Scheduling;
using Darq.Testing.Server;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Darq.Tests.Simulation.Fixtures;

/// <summary>One component process as far as the engine goes, in a simulated process whose clock and connection the test holds.</summary>
internal sealed class SimulatedEngine
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly World _world;
    private readonly SimulatedProcess _process;

    public SimulatedEngine(World world, Random random, string name, NamespaceOptions options, ILogger? log = null)
    {
        var logs = new LoggerFactory(log is null ? [] : [new OneLog(log)]);
        (_world, _process) = (world, new SimulatedProcess(world.Loop, name));
        Clock = new SteppedTime(_process.Time);
        (Redis, Primary, Subscriptions) = Ask(() =>
        {
            var redis = new ScriptedRedis(new FakeRedis(world.Loop, _process, world.Server, new Weather(random), TimeSpan.FromSeconds(2)));
            var primary = new Primary(redis, options, Clock, random, logs);
            return ValueTask.FromResult((redis, primary, new SubscriptionTable(primary, Clock, random, logs)));
        });
        Publisher = new(Primary, options);
        State = new(Primary, options);
        StepExecutor = new(Primary, Subscriptions, options, Clock, random, NullLogger.Instance);
    }

    public SteppedTime Clock { get; }

    public ScriptedRedis Redis { get; }

    public Primary Primary { get; }

    public SubscriptionTable Subscriptions { get; }

    public Publisher Publisher { get; }

    public StateStore State { get; }

    public StepExecutor StepExecutor { get; }

    /// <summary>Runs a flow inside the process to its end and returns what came of it.</summary>
    public T Ask<T>(Func<ValueTask<T>> flow)
    {
        var (done, result) = (false, default(T)!);
        _process.Start(async () => (result, done) = (await flow(), true));
        _world.Await(() => done, Patience.TotalSeconds, "what the test asked of a process is done");
        return result;
    }

    public void Do(Action action) =>
        Ask(() =>
        {
            action();
            return ValueTask.FromResult(true);
        });

    /// <summary>What an action inside the process threw; null where nothing.</summary>
    public Exception? FaultOf(Action action) => Ask(() => ValueTask.FromResult(Xunit.Record.Exception(action)));

    /// <summary>"OK", or the text with which the request was refused.</summary>
    public string OutcomeOf(Func<ValueTask> request) =>
        Ask(async () =>
        {
            try
            {
                await request();
                return "OK";
            }
            catch (DarqException refused)
            {
                return refused.Message;
            }
        });

    public string Publish(string topic, string data, params (string Name, string Value)[] metadata)
    {
        var entry = new PublishEntry(Encoding.UTF8.GetBytes(data), metadata.ToDictionary(pair => pair.Name, pair => pair.Value));
        return OutcomeOf(async () => await Publisher.PublishAsync(topic, [entry], default));
    }

    public string Write(string key, string value) => OutcomeOf(() => State.ApplyAsync(Upsert(key, value), default));

    public string? Read(string key) =>
        Ask(async () =>
        {
            var value = (await State.GetAsync([new(key)], default))[0];
            return value.ETag is null ? null : Encoding.UTF8.GetString(value.Data.Span);
        });

    /// <summary>A step that consumes deliveries and writes a key; its outcome is OK, DUPLICATE, or why it was refused.</summary>
    public string Step(string key, string value, params string[] tokens) =>
        Ask(async () =>
        {
            var consumed = string.Join(',', tokens.Select(token => $"\"{token}\""));
            var json = $$"""{"consume":[{{consumed}}],"state":[{"op":"upsert","key":"{{key}}","value":"{{value}}"}]}""";
            var step = new StepParser(Primary.Keys.Partitions, "").Parse(Encoding.UTF8.GetBytes(json));
            return (await StepExecutor.ApplyAsync(step, default)).Outcome;
        });

    /// <summary>A step in JSON; its outcome, or why there is none.</summary>
    public async ValueTask<string> StepAsync(string json)
    {
        try
        {
            var step = new StepParser(Primary.Keys.Partitions, "").Parse(Encoding.UTF8.GetBytes(json));
            return (await StepExecutor.ApplyAsync(step, default)).Outcome;
        }
        catch (DarqException refused)
        {
            return refused.Message;
        }
    }

    public DeliveryStream Attach(string topic, Inbox inbox, SubscriptionOptions? options = null)
    {
        Do(() => inbox.Stream = Subscriptions.Attach("g", topic, options ?? new() { Concurrent = true }, inbox));
        return inbox.Stream!;
    }

    public string Session => Ask(async () => (await Primary.ReadyAsync(default)).Id);

    private static StateOperation Upsert(string key, string value) =>
        new(StateChange.Upsert, new StateKey(key)) { Value = Encoding.UTF8.GetBytes(value) };

    private sealed class OneLog(ILogger log) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void Dispose() { }
    }
}
