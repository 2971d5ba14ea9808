using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Testing.Apps;
using Darq.Testing.Hosting;
using Darq.Testing.Messages;

namespace Darq.Testing;

/// <summary>
/// Runs an app in this process, on the real engine of the component with a simulated Redis and virtual time: handlers are tested with
/// <c>dotnet test</c> alone. Messages are handed to the app only while <see cref="UntilIdle"/> or <see cref="TestTime.AdvanceAsync"/> runs.
/// </summary>
/// <remarks>
/// A crash ends component and app as they are: what was under way is never answered, and another instance of the app is started in the same
/// process. Static variables, and what the test registered as an instance, outlive it. May be used by one thread at a time.
/// </remarks>
public sealed class DarqTestHost : IAsyncDisposable
{
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(10);
    private const int ShownFailures = 5;

    private readonly World _world;

    private DarqTestHost(World world)
    {
        _world = world;
        (State, Time) = (new(world), new(world));
    }

    /// <summary>The state of the app.</summary>
    public TestState State { get; }

    /// <summary>The virtual time.</summary>
    public TestTime Time { get; }

    /// <summary>All that was handed to the app so far and has an outcome, in the order of the outcomes.</summary>
    public IReadOnlyList<TestDelivery> Deliveries => _world.Thread.Ask(() => _world.Dispatcher.Log);

    /// <summary>The services of the app's process that runs at present.</summary>
    public IServiceProvider Services => SimulationThread.Wait(_world.ProcessAsync()).Services;

    internal World World => _world;

    /// <summary>Starts an app.</summary>
    /// <remarks>
    /// The app reaches the host by the <c>DaprClient</c> of its services, and by the SDK, which uses that. A client that the app builds
    /// itself with <c>new DaprClientBuilder()</c>, and calls of <c>localhost:3500</c> over HTTP, go to a real sidecar, if there is one:
    /// take the client from the services, or replace what makes the calls with <see cref="DarqTestOptions.ConfigureServices"/>.
    /// </remarks>
    /// <param name="configure">Sets options of the host, and services and settings of the app; null for none.</param>
    /// <param name="cancellationToken">Gives up the start; code of the app that hangs there goes on hanging.</param>
    /// <typeparam name="TEntryPoint">A type of the app's assembly, usually its <c>Program</c>.</typeparam>
    /// <returns>The host of the running app; dispose it at the end of the test.</returns>
    /// <exception cref="DarqTestException">
    /// The app subscribes in a way that the host does not serve, or its start takes longer than
    /// <see cref="DarqTestOptions.HandlerTimeout"/>: the text has what it may wait for.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="Exception">What the start of the app throws.</exception>
    public static async Task<DarqTestHost> StartAsync<TEntryPoint>(
        Action<DarqTestOptions>? configure = null,
        CancellationToken cancellationToken = default
    )
        where TEntryPoint : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        var options = new DarqTestOptions();
        configure?.Invoke(options);
        var world = new World(options, (channel, time) => new AppFactory<TEntryPoint>(options, channel, time));
        try
        {
            await world.StartAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            return new(world);
        }
        catch
        {
            await world.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A client for the app's own endpoints.</summary>
    /// <returns>The client; it ends with the app's process.</returns>
    public HttpClient CreateClient() => SimulationThread.Wait(_world.ProcessAsync()).Client;

    /// <summary>
    /// Publishes a message as another app would. It waits in its topic until <see cref="UntilIdle"/>. Safe to repeat with an
    /// <paramref name="id"/>: the same id twice is one message.
    /// </summary>
    /// <param name="topic">Where to; the app must subscribe to it.</param>
    /// <param name="data">What the event carries, as JSON.</param>
    /// <param name="id">The id of the message; null for one of its own.</param>
    /// <param name="key">Messages of one key are handed over one after the other; null for none.</param>
    /// <param name="cancellationToken">Ends the wait; the message may have been published all the same.</param>
    /// <typeparam name="T">What it is written as.</typeparam>
    /// <returns>Ends when the message is in Redis.</returns>
    /// <exception cref="DarqTestException">Nobody subscribes to the topic, or the component refuses the message.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task Publish<T>(string topic, T data, string? id = null, string? key = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var process = await _world.ProcessAsync().ConfigureAwait(false);
        var subscription = process.Subscriptions.FirstOrDefault(subscription => subscription.Topic == topic) ?? throw NotSubscribed(topic);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(metadata, WireNames.Id, id);
        Add(metadata, WireNames.PartitionKey, key);
        var json = JsonSerializer.SerializeToUtf8Bytes(data, _world.Options.JsonSerializerOptions);
        try
        {
            await process
                .Component.AskAsync(async () =>
                {
                    var message = _world.Events.Wrap("test", subscription.PubSub, topic, json, "application/json", metadata);
                    return await process.Component.Publisher.PublishAsync(topic, [new(message, metadata)], default);
                })
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
        }
        catch (DarqException refused)
        {
            throw new DarqTestException(refused.Message, refused);
        }
    }

    /// <summary>
    /// Hands messages to the app, and lets time pass, until each is consumed or a dead letter, with all that followed from it.
    /// </summary>
    /// <param name="within">Most virtual time that may pass; 10 minutes by default.</param>
    /// <param name="cancellationToken">Ends the wait; messages that were not handed over stay in their topics.</param>
    /// <returns>Ends when nothing is left to do.</returns>
    /// <exception cref="DarqTestException">
    /// Messages are left when the time is over, because their handlers fail or hang: the text has what still runs, and the last failures.
    /// Or a crash that was asked for never came.
    /// </exception>
    /// <exception cref="InvalidOperationException">Another call is letting time pass.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task UntilIdle(TimeSpan? within = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var time = within ?? IdleTimeout;
        await _world.ProcessAsync().ConfigureAwait(false);
        if (!await _world.Thread.RunUntilAsync(_world.IsIdle, time, _world.Dispatcher.Dispatch, cancellationToken).ConfigureAwait(false))
        {
            throw new DarqTestException(_world.Thread.Ask(() => WhatIsLeft(time)));
        }

        if (_world.Thread.Ask(() => _world.Crashes.Open) is [var (topic, at), ..])
        {
            throw new DarqTestException($"The crash at {at} of a message of topic '{topic}' never came: no delivery got there.");
        }
    }

    /// <summary>
    /// Lets the app's process die at the next delivery of a topic that comes to a moment. Another one is started; it takes over after some
    /// seconds of virtual time, and gets what was not consumed.
    /// </summary>
    /// <param name="topic">The topic.</param>
    /// <param name="at">The moment.</param>
    public void CrashNext(string topic, At at) =>
        _world.Thread.Ask(() =>
        {
            _world.Crashes.Add(topic, at);
            return true;
        });

    /// <summary>What was ever published to a topic, by whomever, in order; also what was consumed since.</summary>
    /// <param name="topic">The topic.</param>
    /// <typeparam name="T">
    /// What each message is read as, from JSON. For a topic that carries several types, take <see cref="JsonElement"/> or
    /// <see cref="Emitted(string)"/>.
    /// </typeparam>
    /// <returns>The data of the messages.</returns>
    /// <exception cref="DarqTestException">A message is no <typeparamref name="T"/>; the text says which.</exception>
    public IReadOnlyList<T> Emitted<T>(string topic) => Read<T>(topic, _world.Thread.Ask(() => _world.Appended.Of(topic)));

    /// <summary>What was ever published to a topic as text, by whomever, in order; also what was consumed since.</summary>
    /// <param name="topic">The topic.</param>
    /// <returns>The data of each message: JSON as it stands in its event, else what was published as UTF-8.</returns>
    public IReadOnlyList<string> Emitted(string topic) =>
        [.. _world.Thread.Ask(() => _world.Appended.Of(topic)).Select(message => message.Contents())];

    /// <summary>Messages of a topic that were given up, in order.</summary>
    /// <param name="topic">The topic whose messages they were.</param>
    /// <typeparam name="T">What each message is read as, from JSON; <see cref="JsonElement"/> where there are several types.</typeparam>
    /// <returns>The data of the messages.</returns>
    /// <exception cref="DarqTestException">
    /// The app does not subscribe to the topic, or a message is no <typeparamref name="T"/>; the text says which.
    /// </exception>
    public IReadOnlyList<T> DeadLetters<T>(string topic)
    {
        var process = SimulationThread.Wait(_world.ProcessAsync());
        var subscription = process.Subscriptions.FirstOrDefault(subscription => subscription.Topic == topic) ?? throw NotSubscribed(topic);
        return [.. subscription.DeadLetterTopics.SelectMany(dead => Read<T>(dead, _world.Thread.Ask(() => _world.Appended.Of(dead))))];
    }

    /// <summary>Ends the app.</summary>
    /// <returns>Ends when it has ended.</returns>
    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private List<T> Read<T>(string topic, IReadOnlyList<AppendedMessage> messages)
    {
        List<T> read = [];
        foreach (var message in messages)
        {
            read.Add(TryRead<T>(message, out var value) ? value : throw NoSuch<T>(topic, read.Count + 1, message.Id));
        }

        return read;
    }

    private bool TryRead<T>(AppendedMessage message, [NotNullWhen(true)] out T? value)
    {
        try
        {
            value = JsonSerializer.Deserialize<T>(message.Contents(), _world.Options.JsonSerializerOptions);
            return value is not null;
        }
        catch (JsonException)
        {
            value = default;
            return false;
        }
    }

    // What was read instead is not shown, nor is what the reader says of it: test logs are kept, and payloads may be secret.
    private static DarqTestException NoSuch<T>(string topic, int number, string id) =>
        new(
            $"Message {number} of topic '{topic}', with the id {id}, is no {typeof(T).Name}. Where a topic carries several types, read it "
                + $"as JsonElement, or as text with {nameof(Emitted)}(\"{topic}\")."
        );

    private DarqTestException NotSubscribed(string topic)
    {
        var topics = SimulationThread.Wait(_world.ProcessAsync()).Subscriptions.Select(subscription => $"'{subscription.Topic}'").ToArray();
        return new(
            $"The app does not subscribe to '{topic}'; "
                + (
                    topics.Length > 0
                        ? $"it does to {string.Join(", ", topics)}."
                        : "its /dapr/subscribe names no topic. Is app.MapSubscribeHandler() missing?"
                )
        );
    }

    private string WhatIsLeft(TimeSpan time)
    {
        var left = _world
            .Subscriptions.Select(subscription => (subscription.Topic, Count: _world.Books.Waiting(subscription.Topic)))
            .Where(topic => topic.Count > 0)
            .Select(topic => $"{topic.Count} of topic '{topic.Topic}'");
        var running = _world.Dispatcher.Describe().ToArray();
        var failures = _world.Dispatcher.Log.Where(delivery => !delivery.Succeeded).TakeLast(ShownFailures).ToArray();
        return $"After {time} of virtual time messages are left: {string.Join(", ", left)}. "
            + (running.Length == 0 ? "" : $"Still running: {string.Join("; ", running)}. ")
            + (
                failures.Length == 0
                    ? "No delivery failed: where handlers take that long, set within, of UntilIdle or of CrashPoints, to more."
                    : "The last deliveries that failed:\n" + string.Join("\n", failures.Cast<object>())
            );
    }

    private static void Add(Dictionary<string, string> metadata, string name, string? value)
    {
        if (value is not null)
        {
            metadata[name] = value;
        }
    }
}
