using System.Diagnostics.CodeAnalysis;
using Darq.Engine.Core;

namespace Darq.Component.Instances;

/// <summary>
/// Which sidecars there are, and which instance a call of one means. A process keeps its instances over all its connections until it
/// ends: it opens a new one for a hot reload, and after it was idle. <see cref="HiddenInstances"/> has those of hidden processes.
/// Finding an instance is part of every call and allocates nothing.
/// </summary>
internal sealed class SidecarTable
{
    private readonly Lock _lock = new();

    // Under _lock.
    private readonly Dictionary<SidecarProcess, Sidecar> _processes = [];
    private readonly HiddenInstances _hidden = new();

    /// <summary>All instances, of every sidecar.</summary>
    public IReadOnlyList<Instance> Instances
    {
        get
        {
            lock (_lock)
            {
                return [.. _processes.Values.SelectMany(sidecar => sidecar.Instances.Values), .. _hidden.All];
            }
        }
    }

    /// <summary>Processes without an open connection: each is idle, or has ended.</summary>
    public IReadOnlyList<SidecarProcess> Unconnected
    {
        get
        {
            lock (_lock)
            {
                return [.. _processes.Values.Where(sidecar => sidecar.OpenConnections == 0).Select(sidecar => sidecar.Process)];
            }
        }
    }

    /// <summary>Adds a process that Inits are kept of, so that its end is noticed although it may never connect again.</summary>
    public void Expect(SidecarProcess process)
    {
        lock (_lock)
        {
            Find(process);
        }
    }

    /// <summary>A connection was opened; the sidecar that it came from. <see cref="Disconnect"/> follows.</summary>
    public Sidecar Connect(SidecarProcess process)
    {
        lock (_lock)
        {
            var sidecar = process.IsHidden ? new(process) : Find(process);
            sidecar.OpenConnections++;
            return sidecar;
        }
    }

    /// <summary>A connection and all calls on it have ended. Returns the instances that no call can reach any more.</summary>
    public IReadOnlyList<Instance> Disconnect(Sidecar sidecar)
    {
        lock (_lock)
        {
            sidecar.OpenConnections--;
            return sidecar.Process.IsHidden ? _hidden.Close(sidecar) : [];
        }
    }

    /// <summary>
    /// Enters a call of a sidecar on its instance. Throws <see cref="DarqException"/> (Misconfigured) where the process is hidden and
    /// the instance could be one of several.
    /// </summary>
    public bool TryEnter(Sidecar sidecar, InstanceKey key, [NotNullWhen(true)] out Instance? instance)
    {
        lock (_lock)
        {
            if (!sidecar.Instances.TryGetValue(key, out instance) && sidecar.Process.IsHidden)
            {
                instance = _hidden.Choose(sidecar, key);
            }

            instance?.Enter();
            return instance is not null;
        }
    }

    /// <summary>The instance that this sidecar is known to have; null where there is none.</summary>
    public Instance? Find(Sidecar sidecar, InstanceKey key)
    {
        lock (_lock)
        {
            return sidecar.Instances.GetValueOrDefault(key);
        }
    }

    /// <summary>Enters a call on the instance that this sidecar is known to have.</summary>
    public bool TryEnterOwn(Sidecar sidecar, InstanceKey key, [NotNullWhen(true)] out Instance? instance)
    {
        lock (_lock)
        {
            sidecar.Instances.TryGetValue(key, out instance);
            instance?.Enter();
            return instance is not null;
        }
    }

    /// <summary>
    /// An Init made the instance, or repeated the one that made it. Returns the instances that it takes the place of.
    /// </summary>
    public IReadOnlyList<Instance> Put(Sidecar sidecar, Instance instance)
    {
        lock (_lock)
        {
            return PutLocked(sidecar, instance);
        }
    }

    /// <summary>
    /// Enters a call on an instance that was brought back for it; where another call was first, on that one's. False: the given
    /// instance is not used.
    /// </summary>
    public bool Revive(Sidecar sidecar, Instance revived, out Instance entered)
    {
        lock (_lock)
        {
            if (!sidecar.Instances.TryGetValue(revived.Key, out var found) && sidecar.Process.IsHidden)
            {
                found = _hidden.Choose(sidecar, revived.Key);
            }

            if (found is null)
            {
                PutLocked(sidecar, revived);
            }

            entered = found ?? revived;
            entered.Enter();
            return found is null;
        }
    }

    /// <summary>The process has ended. Returns its instances.</summary>
    public IReadOnlyList<Instance> Remove(SidecarProcess process)
    {
        lock (_lock)
        {
            return _processes.Remove(process, out var sidecar) ? [.. sidecar.Instances.Values] : [];
        }
    }

    /// <summary>Instances of a name that hidden processes made.</summary>
    public IReadOnlyList<Instance> Hidden(InstanceKey key)
    {
        lock (_lock)
        {
            return _hidden.Of(key);
        }
    }

    private Sidecar Find(SidecarProcess process)
    {
        if (!_processes.TryGetValue(process, out var sidecar))
        {
            _processes[process] = sidecar = new(process);
        }

        return sidecar;
    }

    private IReadOnlyList<Instance> PutLocked(Sidecar sidecar, Instance instance)
    {
        if (sidecar.Process.IsHidden)
        {
            return _hidden.Put(sidecar, instance);
        }

        // It may have ended and been removed meanwhile; then it is looked at once more.
        _processes[sidecar.Process] = sidecar;
        sidecar.Instances.Remove(instance.Key, out var older);
        sidecar.Instances[instance.Key] = instance;
        return older is null || older == instance ? [] : [older];
    }
}
