using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Testing.Apps;
using Darq.Testing.Crashes;

namespace Darq.Testing.Hosting;

/// <summary>
/// Hands deliveries to the app, no more at a time than the test allows, while somebody waits; and the app's answers to the component. All
/// of it on the simulation's thread but for the posting.
/// </summary>
internal sealed class Dispatcher(World world, int maxConcurrent)
{
    private readonly Queue<(AppSink Sink, Delivery Delivery)> _waiting = new();
    private readonly Dictionary<string, Running> _running = new(StringComparer.Ordinal);
    private readonly List<TestDelivery> _log = [];
    private long _numbers;

    public bool IsIdle => _waiting.Count == 0 && _running.Count == 0;

    public IReadOnlyList<TestDelivery> Log => [.. _log];

    public void Receive(AppSink sink, Delivery delivery)
    {
        _waiting.Enqueue((sink, delivery));
        Dispatch();
    }

    public void Dispatch()
    {
        while (world.Thread.IsAwaited && _running.Count < maxConcurrent && _waiting.TryDequeue(out var next))
        {
            Start(next.Sink, next.Delivery);
        }
    }

    /// <summary>The process has died with all that it was doing.</summary>
    public void Abandon(string why)
    {
        foreach (var running in _running.Values)
        {
            world.Thread.Outside.Remove(running.Name);
            Note(running, succeeded: false, why);
        }

        _running.Clear();
        _waiting.Clear();
    }

    /// <summary>The delivery of a number; null where it is over.</summary>
    public Running? Find(string? number) => number is null ? null : _running.GetValueOrDefault(number);

    private void Start(AppSink sink, Delivery delivery)
    {
        var number = ++_numbers;
        var running = new Running(sink, delivery, $"the handler of message {delivery.Message.Id} of topic '{delivery.Topic}' ({number})");
        _running[number.ToString(CultureInfo.InvariantCulture)] = running;
        if (world.Dies(running.At(MomentKind.BeforeHandler)))
        {
            return;
        }

        world.Thread.Outside.Add(running.Name);
        var request = new AppRequest(sink.Subscription, delivery, world.Events);
        _ = Task.Run(async () =>
        {
            var verdict = await request.PostAsync(sink.Process, number).ConfigureAwait(false);
            world.Thread.Post(() => Answered(number, running, request, verdict));
        });
    }

    private void Answered(long number, Running running, AppRequest request, Verdict verdict)
    {
        if (!running.Sink.Process.IsAlive || world.Dies(running.At(MomentKind.AfterHandler)))
        {
            return;
        }

        _running.Remove(number.ToString(CultureInfo.InvariantCulture));
        world.Thread.Outside.Remove(running.Name);
        Note(running, verdict.Kind == VerdictKind.Taken, verdict.Text);
        running.Sink.Process.Component.Do(async () =>
        {
            await SettleAsync(running, request, verdict.Kind);
            world.Dies(running.At(MomentKind.AfterAnswer));
            Dispatch();
        });
    }

    /// <summary>Inside the process. What the app failed or dropped goes to the sidecar's dead-letter topic, where there is one.</summary>
    private static async Task SettleAsync(Running running, AppRequest request, VerdictKind verdict)
    {
        var (stream, token) = (running.Sink.Stream, running.Delivery.Token);
        if (verdict == VerdictKind.Taken || verdict == VerdictKind.Dropped && running.Sink.Subscription.DeadLetterTopic.Length == 0)
        {
            stream.Ack(token);
        }
        else if (running.Sink.Subscription.DeadLetterTopic.Length > 0 && await IsMovedAsync(running, request))
        {
            stream.Ack(token);
        }
        else
        {
            stream.Nack(token);
        }
    }

    private static async Task<bool> IsMovedAsync(Running running, AppRequest request)
    {
        var (component, subscription) = (running.Sink.Process.Component, running.Sink.Subscription);
        try
        {
            if (
                subscription.Options.RequireStep
                && DeliveryToken.TryParse(running.Delivery.Token, out var token)
                && component.FindOutstanding(token) is { } outstanding
            )
            {
                await component.DeadLetters.MoveAsync(token, outstanding, subscription.DeadLetterTopic, CancellationToken.None);
            }
            else
            {
                PublishEntry[] entries = [new(request.Body, request.Metadata)];
                await component.Publisher.PublishAsync(subscription.DeadLetterTopic, entries, CancellationToken.None);
            }

            return true;
        }
        catch (DarqException)
        {
            return false;
        }
    }

    private void Note(Running running, bool succeeded, string outcome)
    {
        var (delivery, message) = (running.Delivery, running.Delivery.Message);
        _log.Add(new(delivery.Topic, message.Id, delivery.Attempt, succeeded, outcome));
    }

    /// <summary>A delivery that the app works on.</summary>
    public sealed class Running(AppSink sink, Delivery delivery, string name)
    {
        public AppSink Sink => sink;

        public Delivery Delivery => delivery;

        public string Name => name;

        /// <summary>Calls of its handler to the sidecar.</summary>
        public int Calls { get; set; }

        public Moment At(MomentKind kind) => new(delivery.Topic, delivery.Message.Id, delivery.Attempt, kind);
    }
}
