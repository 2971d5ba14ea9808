using Darq.Component.Configuration;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Component.Instances;

/// <summary>
/// One component of a sidecar: its immutable options and its engine. A later Init puts another instance in its place; this one ends
/// when its last call has left.
/// </summary>
internal sealed class Instance(
    InitRecord record,
    IReadOnlyDictionary<string, string> properties,
    InstanceOptions options,
    InstanceEngine engine,
    AppPresence app
)
{
    private readonly IReadOnlyDictionary<string, string> _properties = properties;
    private readonly Lock _lock = new();

    // Under _lock.
    private bool _retired;
    private int _calls;

    public InstanceKey Key { get; } = record.Key;

    public string Name => Key.Name;

    /// <summary>What is kept of its Init.</summary>
    public InitRecord Record { get; } = record;

    /// <summary>Whose it is, for the log.</summary>
    public string Owner => $"{Record.Process}{(AppName is { } name ? $" (app {SettingValues.Show(name)})" : "")}";

    public InstanceOptions Options { get; } = options;

    public InstanceEngine Engine { get; } = engine;

    /// <summary>The app behind the sidecar; all instances of a sidecar have the same.</summary>
    public AppPresence App { get; } = app;

    /// <summary>What the sidecar published here without an answer.</summary>
    public UnansweredPublishes Unanswered { get; private set; } = new();

    /// <summary>Its streams, those from before an Init included.</summary>
    public OpenStreams Streams { get; private set; } = new();

    /// <summary>
    /// Calls wait for it. Init makes the handshake itself; an instance that was brought back makes it with the first call, which would
    /// otherwise fail only because it came first.
    /// </summary>
    public Task FirstHandshake { get; init; } = Task.CompletedTask;

    /// <summary>
    /// Takes over what outlives an Init: streams, and where the data are the same what was published without an answer. To be called before
    /// the first call.
    /// </summary>
    public void Succeed(Instance older)
    {
        Streams = older.Streams;
        if (older.Engine.Primary == Engine.Primary)
        {
            Unanswered = older.Unanswered;
        }
    }

    /// <summary>Whether an Init with these properties would change nothing.</summary>
    public bool IsMadeFrom(IReadOnlyDictionary<string, string> others) =>
        _properties.Count == others.Count
        && _properties.All(property => others.TryGetValue(property.Key, out var value) && value == property.Value);

    /// <summary>Whether the other has the same settings, secrets included.</summary>
    public bool IsMadeLike(Instance other) => IsMadeFrom(other._properties);

    /// <summary>Enters a call. Only the table calls this, under its lock, so that no call enters a retired instance.</summary>
    public void Enter()
    {
        lock (_lock)
        {
            _calls++;
        }
    }

    /// <summary>Leaves a call; the last to leave a retired instance ends its engine.</summary>
    public ValueTask LeaveAsync()
    {
        lock (_lock)
        {
            if (--_calls > 0 || !_retired)
            {
                return ValueTask.CompletedTask;
            }
        }

        return Engine.DisposeAsync();
    }

    /// <summary>No new call comes; ends the engine now if no call is inside.</summary>
    public ValueTask RetireAsync()
    {
        lock (_lock)
        {
            _retired = true;
            if (_calls > 0)
            {
                return ValueTask.CompletedTask;
            }
        }

        return Engine.DisposeAsync();
    }

    // What a sidecar adds to Init, or its user by a template.
    private string? AppName => Options.AppId ?? Options.Group;
}
