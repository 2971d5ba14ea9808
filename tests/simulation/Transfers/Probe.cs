using Xunit;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// Whether all that the component awaits comes back to its scheduler. What completes through the thread pool instead takes
/// real time, in which no virtual time passes, and then not even calm weather lets the component work.
/// </summary>
internal static class Probe
{
    private static readonly Lazy<bool> Simulable = new(IsSimulable);

    public static void SkipUnlessSimulable() =>
        Skip.IfNot(Simulable.Value, "The component awaits something that completes through the thread pool (Task.WaitAsync, ReadAllAsync).");

    private static bool IsSimulable()
    {
        using var simulation = new Simulation(new Scenario(1) { Storm = TimeSpan.Zero });
        try
        {
            return simulation.Run().Holds;
        }
        catch (Exception fault) when (fault is InvalidOperationException or TimeoutException)
        {
            return false;
        }
    }
}
