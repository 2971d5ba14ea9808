using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>Runs one case: its events one after the other, then a quiet phase.</summary>
internal sealed class ModelRun(ModelWorld world)
{
    private static readonly int[] Waits = [1, 20, 100, 250, 500, 1000, 2000, 5000];

    private readonly CoreModel _model = world.Model;
    private readonly AppModel _apps = world.Apps;
    private readonly LoopsModel _loops = world.Loops;
    private readonly OwnershipModel _ownership = world.Ownership;
    private readonly WakeUpsModel _wakeUps = world.WakeUps;

    public static void Run(ModelCase of)
    {
        var world = new ModelWorld(of.Options);
        var run = new ModelRun(world);
        world.Apps.Open();
        world.Work();
        foreach (var what in of.Events)
        {
            run.Happen(what);
        }

        new QuietPhase(world).Drain();
    }

    private void Happen(ModelEvent what)
    {
        var (a, b) = (what.A, what.B);
        var partition = a % CoreModel.Partitions;
        switch (what.Does)
        {
            case >= Does.OpenStream and <= Does.StepEnd:
                HappenInApp(what);
                break;
            case >= Does.SettleExecute and <= Does.Work:
                HappenInLoops(what);
                break;
            case >= Does.Lapse:
                HappenToOwners(what);
                break;
            case Does.PublishMany:
                for (var i = 0; i < 40; i++)
                {
                    world.Publish(partition, (a + i) % 13, long.MaxValue);
                }

                break;
            case Does.Publish:
                world.Publish(partition, b, long.MaxValue);
                break;
            case Does.PublishDamaged:
                world.Publish(partition, b, long.MaxValue, isDamaged: true);
                break;
            case Does.PublishExpiring:
                world.Publish(partition, b, _model.UnixMs + 200 * b);
                break;
            case Does.PublishOwn:
                _loops.PublishOwn(partition, ModelWorld.Key(b));
                break;
            case Does.TellAppended:
                _loops.TellAppended();
                break;
            case Does.HearWakeUp:
                _wakeUps.Hear(a);
                break;
            case Does.LoseWakeUp:
                _wakeUps.Lose();
                break;
            case Does.WakeUpsMissed:
                _model.Apply(core => core.OnWakeUpsMissed());
                break;
            case Does.Tick:
                _loops.Tick();
                break;
            case Does.TimePasses:
                _model.Now += TimeSpan.FromMilliseconds(Waits[a % Waits.Length]);
                break;
        }
    }

    private void HappenInApp(ModelEvent what)
    {
        var (a, b) = (what.A, what.B);
        switch (what.Does)
        {
            case Does.OpenStream:
                _apps.Open();
                break;
            case Does.CloseStream:
                _apps.Close(a);
                break;
            case Does.PauseStream:
                _apps.SetPaused(a, true);
                break;
            case Does.UnpauseStream:
                _apps.SetPaused(a, false);
                break;
            case Does.Ack:
                _apps.Reply(a, Answer.Ack);
                break;
            case Does.Nack:
                _apps.Reply(a, Answer.Nack);
                break;
            case Does.Unclear:
                _apps.Reply(a, Answer.Unclear);
                break;
            case Does.Conflict:
                _apps.Reply(a, Answer.Conflict);
                break;
            case Does.AppGone:
                _apps.Reply(a, Answer.AppGone);
                break;
            case Does.Release:
                _apps.Reply(a, Answer.Release);
                break;
            case Does.AnswerAgain:
                _apps.AnswerAgain(a);
                break;
            case Does.AnswerMadeUp:
                _apps.AnswerMadeUp(a);
                break;
            case Does.StepStart:
                _apps.StartStep(a, b);
                break;
            case Does.StepExecute:
                _apps.ExecuteStep(a, b);
                break;
            case Does.StepEnd:
                _apps.EndStep(a, b);
                break;
        }
    }

    private void HappenInLoops(ModelEvent what)
    {
        var (a, b) = (what.A, what.B);
        switch (what.Does)
        {
            case Does.SettleExecute:
                _loops.ExecuteSettlement(a, b);
                break;
            case Does.SettleAnswer:
                _loops.AnswerSettlement(a, b);
                break;
            case Does.Read:
                _loops.Read();
                break;
            case Does.ReadAnswer:
                _loops.AnswerRead(a, fails: b % 8 == 0);
                break;
            case Does.Move:
                _loops.Move();
                break;
            case Does.MoveAnswer:
                _loops.AnswerMove(a, refuses: b % 6 == 0);
                break;
            case Does.Fetch:
                _loops.Fetch();
                break;
            case Does.FetchAnswer:
                _loops.AnswerFetch(b);
                break;
            case Does.Rebalance:
                _ownership.Rebalance();
                break;
            case Does.Work:
                world.Work();
                break;
        }
    }

    private void HappenToOwners(ModelEvent what)
    {
        var (a, b) = (what.A, what.B);
        var partition = a % CoreModel.Partitions;
        switch (what.Does)
        {
            case Does.Lapse:
                _ownership.Lapse();
                break;
            case Does.BeatAgain:
                _ownership.BeatAgain();
                break;
            case Does.Crash:
                world.Crash(a < 8 ? 0 : b % 12);
                break;
            case Does.Restart:
                world.Crash(1 + b % 4);
                world.Handshake(1);
                world.Handshake(1);
                break;
            case Does.Handshake:
                world.Handshake(b);
                break;
            case Does.Steal:
                _ownership.Steal(partition);
                break;
            case Does.OtherConsumes:
                _ownership.OtherConsumes(partition);
                break;
            case Does.OtherEnqueues:
                _ownership.OtherEnqueues(partition, b);
                break;
            case Does.OtherReleases:
                _ownership.OtherReleases(partition, isHeard: b % 2 == 0);
                break;
            case Does.OtherDies:
                _ownership.OthersDie();
                break;
            case Does.Assign:
                _ownership.Assign(partition, b);
                break;
        }
    }
}
