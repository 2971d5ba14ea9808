namespace Darq.Benchmarks.Hops;

/// <summary>A chain that the app has on its way. Calls may come from several threads, for one chain one after the other.</summary>
internal interface IChain
{
    /// <summary>A delivery came; it is answered once the task is over.</summary>
    Task ArrivedAsync(int hop, long now);

    /// <summary>The last delivery was answered.</summary>
    void End();
}
