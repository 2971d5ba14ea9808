using System.Text;
using Darq.Engine.Redis;
using Darq.Testing.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// In calm weather Redis answers with an error, one after the other, and nothing else goes wrong: what an app hears of it is certain then,
/// and so is that it can publish again when it is over. An error that passes costs no process its session.
/// </summary>
internal sealed class Drill
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    private readonly Simulation _world;
    private int _sessions;

    public Drill(Simulation world)
    {
        _world = world;
        world.Server.Changed += change => _sessions += change.Call is { } call && OpensSession(call) ? 1 : 0;
    }

    public void Run(IReadOnlyList<App> apps)
    {
        foreach (var error in _world.Random.GetItems(ServerError.All.ToArray(), 2))
        {
            Refuse(error, apps);
        }
    }

    private void Refuse(ServerError error, IReadOnlyList<App> apps)
    {
        _world.Happened(Hazards.RedisErrors, $"{error.What} are answered {error.Code} in calm weather");
        var sessions = _sessions;
        _world.Server.ServerError = error;
        _world.Loop.RunFor(TimeSpan.FromSeconds(1));
        foreach (var outcome in Ask(apps).Where(outcome => !Expected(error).Contains(outcome)))
        {
            _world.Complain($"a publish was answered {outcome} while Redis answered {error.Code}");
        }

        _world.Server.ServerError = null;
        // A process that was refused altogether looks every five seconds whether it is still so.
        _world.Loop.RunFor(TimeSpan.FromSeconds(8));
        foreach (var outcome in Ask(apps).Where(outcome => outcome != "OK"))
        {
            _world.Complain($"a publish was answered {outcome} after Redis had answered {error.Code}");
        }

        if (error.Code != "NOPERM" && _sessions != sessions)
        {
            _world.Complain($"{_sessions - sessions} sessions were replaced because Redis had answered {error.Code}");
        }
    }

    private string[] Ask(IReadOnlyList<App> apps)
    {
        List<string> outcomes = [];
        foreach (var app in apps)
        {
            app.TryPublish(outcomes.Add);
        }

        if (!_world.Loop.RunUntil(() => outcomes.Count == apps.Count, Patience))
        {
            _world.Complain($"{apps.Count - outcomes.Count} publishes were not answered in {Patience}");
        }

        return [.. outcomes];
    }

    private static string[] Expected(ServerError error) =>
        error.Code switch
        {
            "OOM" => ["Full"],
            "BUSY" => ["OK", "Unavailable"],
            "NOPERM" => error.What == Refused.Reads ? ["OK"] : ["Misconfigured"],
            _ => ["Unavailable"],
        };

    private static bool OpensSession(FunctionCall call) =>
        call.Function == FunctionLibrary.Function("open") && Encoding.ASCII.GetString(call.Arguments[1].ToBytes()) == "1";
}
