using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Testing.Apps;
using Darq.Testing.Calls;
using Darq.Testing.Crashes;

namespace Darq.Testing.Hosting;

/// <summary>
/// Hands deliveries to the app, no more at a time than the test allows, while somebody waits; and the app's answers to the component. All
/// of it on the simulation's thread but for the posting.
/// </summary>
/// <param name="world">Whose deliveries.</param>
/// <param name="maxConcurrent">Most of one topic at a time; null for one of all.</param>
internal sealed class Dispatcher(World world, int? maxConcurrent)
{
    /// <summary>Longer than the component reads what Redis has.</summary>
    private static readonly TimeSpan OnTheWay = TimeSpan.FromMilliseconds(20);

    private readonly List<(AppSink Sink, Delivery Delivery)> _waiting = [];
    private readonly Dictionary<string, Running> _running = new(StringComparer.Ordinal);
    private readonly List<TestDelivery> _log = [];
    private long _numbers;

    public bool IsIdle => _waiting.Count == 0 && _running.Count == 0;

    public IReadOnlyList<TestDelivery> Log => [.. _log];

    public void Receive(AppSink sink, Delivery delivery)
    {
        // The component goes on for a moment after the delivery at which its process died.
        if (sink.Process.IsAlive)
        {
            _waiting.Add((sink, delivery));
            Dispatch();
        }
    }

    /// <summary>
    /// Hands over what waits. Time stands still while a handler runs and makes no call, so that handlers which are to run beside each other
    /// begin together, when all messages that are on their way have come.
    /// </summary>
    public void Dispatch()
    {
        if (maxConcurrent is null)
        {
            StartWaiting();
        }
        else
        {
            world.After(OnTheWay, StartWaiting);
        }
    }

    private void StartWaiting()
    {
        var i = 0;
        while (i < _waiting.Count && world.Thread.IsAwaited)
        {
            var (sink, delivery) = _waiting[i];
            if (!MayStart(delivery.Topic))
            {
                i++;
                continue;
            }

            _waiting.RemoveAt(i);
            // May end in a crash, after which nothing waits.
            Start(sink, delivery);
        }
    }

    /// <summary>The process has died with all that it was doing.</summary>
    public void Abandon(string why)
    {
        foreach (var running in _running.Values)
        {
            world.Thread.Outside.Remove(running);
            Note(running, succeeded: false, why);
        }

        _running.Clear();
        _waiting.Clear();
    }

    /// <summary>What the app works on, each with how long it has.</summary>
    public IEnumerable<string> Describe() =>
        _running.Values.Select(running => $"{running}, for {world.Thread.Now - running.Started} of virtual time");

    /// <summary>The delivery of a number; null where it is over.</summary>
    public Running? Find(string? number) => number is null ? null : _running.GetValueOrDefault(number);

    private bool MayStart(string topic) =>
        maxConcurrent is { } most ? _running.Values.Count(running => running.Delivery.Topic == topic) < most : _running.Count == 0;

    private void Start(AppSink sink, Delivery delivery)
    {
        var number = ++_numbers;
        var running = new Running(sink, delivery, world.Thread.Now);
        _running[number.ToString(CultureInfo.InvariantCulture)] = running;
        if (world.Dies(running.At(MomentKind.BeforeHandler)))
        {
            return;
        }

        world.Thread.Outside.Add(running);
        var first = world.FirstWrite(running.At(MomentKind.BeforeHandler));
        var request = new AppRequest(sink.Subscription, delivery, world.Events);
        _ = Task.Run(async () =>
        {
            await world.WriteAsync(sink.Process, first).ConfigureAwait(false);
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
        world.Thread.Outside.Remove(running);
        Note(running, verdict.Kind == VerdictKind.Taken, verdict.Text);
        running.Sink.Process.Component.Do(async () =>
        {
            if (world.Dies(running.At(MomentKind.AfterAnswer)))
            {
                return;
            }

            await SettleAsync(running, request, verdict.Kind);
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
    public sealed class Running(AppSink sink, Delivery delivery, DateTimeOffset started)
    {
        private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal);
        private readonly OrderedDictionary<string, bool> _read = new(StringComparer.Ordinal);
        private int _calls;

        /// <summary>The keys that its handler has read.</summary>
        public IEnumerable<string> Read => _read.Keys;

        public AppSink Sink => sink;

        public Delivery Delivery => delivery;

        public DateTimeOffset Started => started;

        public override string ToString() =>
            $"the handler of message {delivery.Message.Id} of topic '{delivery.Topic}', attempt {delivery.Attempt}";

        public Moment At(MomentKind kind) => new(delivery.Topic, delivery.Message.Id, delivery.Attempt, kind);

        /// <summary>Before a call of its handler to the sidecar, which is counted.</summary>
        public Moment Before(DaprCall call)
        {
            foreach (var key in call.Read)
            {
                _read[key] = true;
            }

            var nth = _texts[call.Text] = _texts.GetValueOrDefault(call.Text) + 1;
            return At(MomentKind.BeforeCall) with
            {
                Call = ++_calls,
                Text = call.Text,
                Nth = nth,
                IsCommit = call.Consumed.Contains(delivery.Token),
            };
        }
    }
}
