using System.Collections.Concurrent;
using System.Text.Json;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.EndToEnd.Subscribers;

/// <summary>
/// Takes the orders of a pod in one of the ways that Dapr has for it, and hands each to the test's handler. What the handler throws is
/// a failure in the subscriber's own terms.
/// </summary>
internal abstract class Subscriber : IAsyncDisposable
{
    protected const string PubSub = "bank";
    protected const string Topic = "orders";

    /// <summary>The app that the sidecar calls; null for a subscriber that calls the sidecar.</summary>
    public virtual IPodApp? App => null;

    /// <summary>What is done with an order (its data and the delivery's token).</summary>
    public Func<JsonElement, string, Task> Handler { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>The data of every order whose handler returned.</summary>
    public ConcurrentQueue<string> Handled { get; } = new();

    /// <summary>Called once the sidecar is up.</summary>
    public virtual Task SubscribeAsync(Sidecar sidecar) => Task.CompletedTask;

    public abstract ValueTask DisposeAsync();

    /// <summary>Whether the handler returned.</summary>
    protected async Task<bool> TryHandleAsync(JsonElement data, string token)
    {
        try
        {
            await Handler(data, token);
            Handled.Enqueue(data.ToString());
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
