using Darq.Engine.Core;

namespace Darq.Component.Instances;

/// <summary>
/// The instances of sidecars whose process is hidden, where a connection stands for the process. An instance is live while a connection
/// that uses it is open: the one that sent its Init, or a later one that could only mean it. A connection that sent an Init always
/// finds its instance; an unknown one finds the live one, else the newest. Belongs to the <see cref="SidecarTable"/>.
/// </summary>
internal sealed class HiddenInstances
{
    // The newest Init last. Those before it are live.
    private readonly Dictionary<InstanceKey, List<Entry>> _entries = [];

    public IEnumerable<Instance> All => _entries.Values.SelectMany(entries => entries).Select(entry => entry.Instance);

    public IReadOnlyList<Instance> Of(InstanceKey key) =>
        _entries.TryGetValue(key, out var entries) ? [.. entries.Select(entry => entry.Instance)] : [];

    /// <summary>
    /// The instance that a connection without Init means, from now on; null where there is none. Throws <see cref="DarqException"/>
    /// (Misconfigured) where live ones differ.
    /// </summary>
    public Instance? Choose(Sidecar connection, InstanceKey key)
    {
        if (!_entries.TryGetValue(key, out var entries))
        {
            return null;
        }

        var chosen = entries.LastOrDefault(entry => entry.IsLive) ?? entries[^1];
        if (entries.Find(entry => entry.IsLive && !entry.Instance.IsMadeLike(chosen.Instance)) is { } other)
        {
            throw InitDifferences.ToException(other.Instance.Record, chosen.Instance.Record);
        }

        Bind(connection, chosen);
        return chosen.Instance;
    }

    /// <summary>Adds the newest; returns the others that are not live any more.</summary>
    public IReadOnlyList<Instance> Put(Sidecar connection, Instance instance)
    {
        if (!_entries.TryGetValue(instance.Key, out var entries))
        {
            _entries[instance.Key] = entries = [];
        }

        var entry = entries.Find(entry => entry.Instance == instance) ?? new(instance);
        entries.Remove(entry);
        entries.ForEach(other => other.Users.Remove(connection));
        Instance[] replaced = [.. entries.Where(other => !other.IsLive).Select(other => other.Instance)];
        entries.RemoveAll(other => !other.IsLive);
        entries.Add(entry);
        Bind(connection, entry);
        return replaced;
    }

    /// <summary>A connection has ended; returns the instances that nobody can mean any more, because there is a newer one.</summary>
    public IReadOnlyList<Instance> Close(Sidecar connection)
    {
        List<Instance> left = [];
        foreach (var (key, instance) in connection.Instances)
        {
            if (_entries.TryGetValue(key, out var entries) && entries.Find(entry => entry.Instance == instance) is { } entry)
            {
                entry.Users.Remove(connection);
                if (!entry.IsLive && entry != entries[^1])
                {
                    entries.Remove(entry);
                    left.Add(instance);
                }
            }
        }

        return left;
    }

    private static void Bind(Sidecar connection, Entry entry)
    {
        connection.Instances[entry.Instance.Key] = entry.Instance;
        // An Init may end after its connection.
        if (connection.OpenConnections > 0)
        {
            entry.Users.Add(connection);
        }
    }

    private sealed class Entry(Instance instance)
    {
        public Instance Instance { get; } = instance;

        /// <summary>The open connections that use it.</summary>
        public HashSet<Sidecar> Users { get; } = [];

        public bool IsLive => Users.Count > 0;
    }
}
