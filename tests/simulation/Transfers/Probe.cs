using Darq.Tests.Simulation.Scheduling;
using Xunit;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>Whether all that the component awaits comes back to its scheduler; otherwise no seed decides anything.</summary>
internal static class Probe
{
    private static readonly Lazy<bool> Simulable = new(IsSimulable);

    public static void SkipUnlessSimulable() =>
        Skip.IfNot(Simulable.Value, "The component awaits something that completes through the thread pool (Task.WaitAsync, ReadAllAsync).");

    private static bool IsSimulable()
    {
        using var simulation = new Simulation(new Scenario(1) { Storm = TimeSpan.FromSeconds(1) });
        try
        {
            simulation.Run();
        }
        catch (Exception fault) when (fault is InvalidOperationException or TimeoutException)
        {
            // What escaped may still be on its way from the other thread.
            SpinWait.SpinUntil(() => simulation.Loop.Fault is EscapedException, TimeSpan.FromSeconds(1));
        }
        return simulation.Loop.Fault is not EscapedException;
    }
}
