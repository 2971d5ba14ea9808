using Darq.Tests.Simulation.Fixtures;

namespace Darq.Tests.Simulation.Durability;

/// <summary>A run of processes and faults that a seed decides, with a verdict at its end.</summary>
internal abstract class Drill : IDisposable
{
    protected World World { get; } = new();

    /// <summary>What was not as it has to be; empty where all was.</summary>
    public List<string> Faults { get; } = [];

    public abstract void Run();

    public void Dispose() => World.Dispose();

    /// <summary>Runs it to its end; what is wrong, or null where nothing is.</summary>
    protected static string? JudgeAndDispose(Drill drill)
    {
        using (drill)
        {
            try
            {
                drill.Run();
                return drill.Faults.Count == 0 ? null : string.Join('\n', drill.Faults);
            }
            catch (Exception fault) when (fault is Xunit.Sdk.XunitException or InvalidOperationException)
            {
                return fault.Message;
            }
        }
    }
}
