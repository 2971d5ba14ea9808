namespace Darq;

/// <summary>
/// For apps that keep state of their own beside Redis, such as a cache of what they have read: Redis may have undone something, and the
/// app lets go of what may rest on it. Registered by <c>AddDarqRollback</c>.
/// </summary>
public interface IRollbackHandler
{
    /// <summary>
    /// A new world-line began, for this app at least. Called once for each pub/sub component, before the handler of its first message of
    /// that world-line; its other messages of the new world-line wait. Also called before the first message of all, since what the app has
    /// read earlier may be of a former world-line, and where nothing was lost, because the app cannot tell. A handler that throws, or takes
    /// longer than the delivery has, fails the delivery, which comes again and calls it again; so it has to be safe to repeat. Handlers of
    /// messages of the former world-line may still run: what they have read belongs to that.
    /// </summary>
    /// <param name="rollback">What is known.</param>
    /// <param name="cancellationToken">Ends with the time of the delivery.</param>
    /// <returns>Done when nothing is kept any more that may have been undone.</returns>
    Task OnRollbackAsync(Rollback rollback, CancellationToken cancellationToken);
}

/// <summary>What is known of a rollback.</summary>
public sealed class Rollback
{
    internal Rollback(string pubSub, long formerWorldLine, long worldLine) =>
        (PubSub, FormerWorldLine, WorldLine) = (pubSub, formerWorldLine, worldLine);

    /// <summary>The component whose message told of it.</summary>
    public string PubSub { get; }

    /// <summary>The highest world-line that a message of the component had named to this app before; 0 for none.</summary>
    public long FormerWorldLine { get; }

    /// <summary>The one that goes on. World-lines rise; deliveries have theirs in the header <c>darq-world-line</c>.</summary>
    public long WorldLine { get; }
}
