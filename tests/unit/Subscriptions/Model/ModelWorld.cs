using Darq.Engine.Subscriptions;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>The core and all that is around it.</summary>
internal sealed class ModelWorld
{
    public ModelWorld(SubscriptionOptions options)
    {
        Model = new(options);
        Apps = new(Model);
        Loops = new(Model);
        Ownership = new(Model);
        WakeUps = new(Model);
    }

    public CoreModel Model { get; }

    public AppModel Apps { get; }

    public LoopsModel Loops { get; }

    public OwnershipModel Ownership { get; }

    public WakeUpsModel WakeUps { get; }

    public void Crash(int lost)
    {
        Ownership.Crash(lost);
        Loops.OnCrash();
        Apps.OnCrash();
    }

    public void Handshake(int how)
    {
        if (Ownership.Handshake(how))
        {
            Loops.OnHandshake();
        }
    }

    public void Publish(int partition, int key, long expiryMs, bool isDamaged = false)
    {
        Model.Redis.Append(partition, Key(key), expiryMs, isDamaged);
        WakeUps.OnAppended(partition);
    }

    public static string Key(int of) => of % 4 == 0 ? "" : $"k{of % 4}";

    /// <summary>All loops work as long as they have something to do, and are answered at once.</summary>
    public void Work()
    {
        for (var before = -1L; before != Model.Progress;)
        {
            before = Model.Progress;
            Ownership.Rebalance();
            Ownership.FinishRound();
            Loops.Tick();
            Loops.Fetch();
            Loops.AnswerFetch(2);
            Loops.Move();
            Loops.AnswerMove(0, refuses: !Model.IsReady);
            Loops.Read();
            Loops.AnswerRead(0, fails: !Model.IsReady);
            if (!Model.IsReady)
            {
                return;
            }
        }
    }
}
