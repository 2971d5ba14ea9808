using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>Streams with their apps: what each holds, what it answers, and the steps that it sends.</summary>
internal sealed class AppModel : IDeliveryOutlet
{
    private readonly CoreModel _model;
    private readonly Dictionary<(int Partition, Position Message), List<Delivered>> _deliveries = [];

    public AppModel(CoreModel model)
    {
        _model = model;
        model.Apps = this;
        model.OnSent(Take);
    }

    // Two sidecars, so that some streams share one.
    private readonly AppPresence[] _apps = [new(), new()];

    public List<ModelStream> Streams { get; } = [];

    /// <summary>Every attempt that was made.</summary>
    public List<Delivered> Deliveries { get; } = [];

    public List<PendingStep> Steps { get; } = [];

    public string SubscribedTopic => CoreModel.Topic;

    public bool HasRoom => true;

    public IReadOnlyList<Delivered> DeliveriesOf((int Partition, Position Message) message) => _deliveries.GetValueOrDefault(message) ?? [];

    public IReadOnlyList<Delivered> Unanswered => [.. Streams.SelectMany(stream => stream.Unanswered)];

    public void Send(Delivery delivery) { }

    public void WriteOut() { }

    public void Open()
    {
        if (Streams.Count < 3)
        {
            var window = _model.Options.Concurrent ? _model.Options.MaxInFlight : Math.Min(2, _model.Options.MaxInFlight);
            // The window is known before the first message comes.
            var stream = new ModelStream { Window = window, IsSerial = !_model.Options.Concurrent };
            Streams.Add(stream);
            _model.Apply(core => stream.Core = core.Open(this, _model.Options, _apps[Streams.Count % _apps.Length], _model.Instant));
        }
    }

    public void Close(int which)
    {
        if (Pick(Streams, which) is { } stream)
        {
            Streams.Remove(stream);
            _model.Apply(core => core.Close(stream.Core!, _model.Instant));
        }
    }

    public void SetPaused(int which, bool paused)
    {
        if (Pick(Streams, which) is { } stream)
        {
            _model.Apply(core => core.SetPaused(stream.Core!, paused));
        }
    }

    public void Reply(int which, Answer answer)
    {
        if (Pick(Unanswered, which) is { } delivered)
        {
            Reply(delivered, answer);
        }
    }

    public void Reply(Delivered delivered, Answer answer)
    {
        var stream = delivered.Stream;
        if (answer != Answer.Release && stream.Unanswered[0] != delivered)
        {
            stream.Window = Math.Min(_model.Options.MaxInFlight, 2 * stream.Window);
            stream.IsSerial = false;
        }

        stream.Unanswered.Remove(delivered);
        delivered.Answer = answer;
        var counts = delivered.CountsWhenLate(_model.Options) && answer == Answer.Ack;
        _model.Apply(core => core.OnAnswer(stream.Core!, delivered.Token, answer, _model.Instant));
        Violation.Unless(
            !counts || delivered.Attempt.Message.State is MessageState.Settling or MessageState.Gone,
            $"the late acknowledgement of {delivered} does not count, although no newer attempt was sent"
        );
    }

    /// <summary>An answer that was given already.</summary>
    public void AnswerAgain(int which)
    {
        if (Pick([.. Deliveries.Where(delivered => delivered.Answer is not null)], which) is { } delivered)
        {
            _model.Apply(core => core.OnAnswer(delivered.Stream.Core!, delivered.Token, (Answer)(which % 6), _model.Instant));
        }
    }

    /// <summary>An answer and a step with tokens that nobody was given.</summary>
    public void AnswerMadeUp(int which)
    {
        var (partition, message) = (which % CoreModel.Partitions, new Position(1, 1 + which));
        var token = new DeliveryToken(_model.Session, CoreModel.Group, CoreModel.Topic, partition, message, 100 + which, "i");
        if (Pick(Streams, which) is { } stream)
        {
            _model.Apply(core => core.OnAnswer(stream.Core!, token, (Answer)(which % 6), _model.Instant));
        }

        var attempt = _model.Apply(core => core.OnStepStarted(token));
        _model.Apply(core => core.OnStepEnded(token, attempt, StepEnd.Unchanged, Lane.NoToken, _model.Instant));
    }

    /// <summary>An app sends a step, mostly for what it holds, sometimes late.</summary>
    public void StartStep(int which, int late)
    {
        var one = late % 6 == 0 ? Pick(Deliveries[^Math.Min(8, Deliveries.Count)..], which) : Pick(Unanswered, which);
        if (one is not null)
        {
            StartStep(one);
        }
    }

    public PendingStep StartStep(Delivered delivered)
    {
        var step = new PendingStep(delivered, _model.Apply(core => core.OnStepStarted(delivered.Token)));
        Steps.Add(step);
        return step;
    }

    public void ExecuteStep(int which, int how)
    {
        if (Pick([.. Steps.Where(step => step.End is null)], which) is { } step)
        {
            ExecuteStep(step, how);
        }
    }

    /// <summary>Redis executes it; its word may be a refusal, and its reply may be lost.</summary>
    public void ExecuteStep(PendingStep step, int how)
    {
        if (!_model.IsReady)
        {
            return;
        }

        step.FencingToken = _model.Core.FencingTokenOf(step.Token);
        step.End = StepEnd.Unchanged;
        if (how % 8 != 0)
        {
            var end = _model.Redis.Consume(step.Token.Message, step.Token.Partition, _model.Session, step.FencingToken);
            step.End = how % 8 == 1 ? StepEnd.Unchanged : end;
        }

        step.Lsn = _model.Redis.Lsn;
    }

    public void EndStep(int which, int how)
    {
        if (Pick(Steps, which) is not { } step)
        {
            return;
        }

        if (step.End is null && how % 4 != 0)
        {
            ExecuteStep(step, how);
        }

        EndStep(step);
    }

    public void EndStep(PendingStep step)
    {
        Steps.Remove(step);
        if (step.End is StepEnd.Consumed)
        {
            _model.Tell(step.Lsn);
        }

        step.Delivered.HasConsumed |= step.End is StepEnd.Consumed;
        _model.Apply(core => core.OnStepEnded(step.Token, step.Attempt, step.End ?? StepEnd.Unchanged, step.FencingToken, _model.Instant));
    }

    /// <summary>What the process that crashed had executed without an answer is sent again.</summary>
    public void OnCrash()
    {
        foreach (var step in Steps)
        {
            step.End = null;
        }
    }

    private void Take(Attempt attempt)
    {
        var (lane, message) = (attempt.Message.Lane, attempt.Message.Message);
        var token = new DeliveryToken(
            lane.Session!,
            CoreModel.Group,
            CoreModel.Topic,
            lane.Partition,
            message.StreamId,
            attempt.Number,
            "i"
        );
        var delivered = new Delivered(attempt, token, Streams.Find(stream => stream.Core == attempt.Stream)!);
        delivered.Stream.Unanswered.Add(delivered);
        Deliveries.Add(delivered);
        if (!_deliveries.TryGetValue(delivered.Message, out var same))
        {
            _deliveries[delivered.Message] = same = [];
        }

        same.Add(delivered);
    }

    private static T? Pick<T>(IReadOnlyList<T> of, int which)
        where T : class => of.Count == 0 ? null : of[which % of.Count];
}

internal sealed class ModelStream
{
    /// <summary>As the core has it; null while it is being opened.</summary>
    public StreamWindow? Core { get; set; }

    /// <summary>What it may hold by what it answered.</summary>
    public int Window { get; set; }

    /// <summary>Whether its app has one message at a time as far as its answers show.</summary>
    public bool IsSerial { get; set; }

    public List<Delivered> Unanswered { get; } = [];
}

/// <summary>An attempt as its app sees it.</summary>
internal sealed class Delivered(Attempt attempt, DeliveryToken token, ModelStream stream)
{
    public Attempt Attempt { get; } = attempt;

    public DeliveryToken Token { get; } = token;

    public ModelStream Stream { get; } = stream;

    public Answer? Answer { get; set; }

    /// <summary>Whether its app knows that a step consumed the message.</summary>
    public bool HasConsumed { get; set; }

    public (int Partition, Position Message) Message => (Token.Partition, Token.Message);

    public bool CountsWhenLate(SubscriptionOptions options) =>
        Attempt.MayGoElsewhere
        && Attempt.IsCurrent
        && Attempt.StepsInFlight == 0
        && !options.RequireStep
        && Attempt.Message.State is MessageState.Waiting or MessageState.BackingOff;

    public override string ToString() => $"attempt {Attempt.Number} of message {Token.Partition}/{Token.Message}";
}

/// <summary>A step on its way to Redis, and what came of it there.</summary>
internal sealed class PendingStep(Delivered delivered, Attempt? attempt)
{
    public Delivered Delivered { get; } = delivered;

    public DeliveryToken Token => Delivered.Token;

    public Attempt? Attempt { get; } = attempt;

    public StepEnd? End { get; set; }

    public string FencingToken { get; set; } = "";

    public long Lsn { get; set; }
}
