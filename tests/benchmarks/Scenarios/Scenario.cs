using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;

namespace Darq.Benchmarks.Scenarios;

/// <summary>
/// One row: what is done through the component, and the same work done by a plain connection to the same Redis. Only the two
/// loads are measured; what prepares them or clears up after them is not.
/// </summary>
internal abstract class Scenario(Stage stage) : IAsyncDisposable
{
    public const int Outstanding = 64;

    /// <summary>What a message or a value weighs, on both sides.</summary>
    public const int PayloadBytes = 1024;

    /// <summary>What one operation is.</summary>
    public abstract string Unit { get; }

    /// <summary>The reference in a few words.</summary>
    public abstract string Reference { get; }

    /// <summary>The process that the reference has where we have a component, if it has one.</summary>
    public virtual int? ReferenceProcess => null;

    /// <summary>Whether our side gets faster by being used; a scenario that starts it anew for each round is not waited for.</summary>
    public virtual bool WarmsUp => true;

    protected Stage Stage { get; } = stage;

    public abstract Task PrepareAsync();

    /// <summary>Makes what our next load needs.</summary>
    public virtual Task BeforeOursAsync(TimeSpan duration) => Task.CompletedTask;

    /// <summary>Makes what the next load of the reference needs; told what ours did, where it has to do the same.</summary>
    public virtual Task BeforeReferenceAsync(TimeSpan duration, Round ours) => Task.CompletedTask;

    public abstract Task<Round> OursAsync(TimeSpan duration);

    public abstract Task<Round> ReferenceAsync(TimeSpan duration);

    /// <summary>Throws away what a pair left behind.</summary>
    public virtual Task AfterPairAsync() => Task.CompletedTask;

    /// <summary>Runs a load that blocks its thread for as long as it lasts.</summary>
    protected static Task<Round> OnItsOwnThreadAsync(Func<Round> load) =>
        Task.Factory.StartNew(load, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Ends what the scenario itself has opened.</summary>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
