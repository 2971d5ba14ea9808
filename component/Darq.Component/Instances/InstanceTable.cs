using System.Text.Json;
using Darq.Component.Configuration;
using Darq.Component.Telemetry;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Component.Instances;

/// <summary>
/// All instances of this process by service and name. Init adds one, atomically in place of an older one; a call for an unknown one
/// brings it back from the folder, because a sidecar does not repeat Init after a restart of the component.
/// </summary>
internal sealed class InstanceTable(
    EnginePool engines,
    InitFolder folder,
    Secrets secrets,
    TimeProvider time,
    Random random,
    ILogger<InstanceTable> log
) : IAsyncDisposable
{
    /// <summary>Bounds Init when Redis is away: the sidecar counts a slow Init as failed.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromMilliseconds(700);

    private readonly AppPresence _app = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<(ComponentService, string), Instance> _instances = [];

    /// <summary>
    /// Makes or replaces an instance. Throws <see cref="DarqException"/>: Invalid with everything that is wrong with the
    /// properties, Misconfigured with the setting of Redis to change; the older instance then stays. Safe to repeat.
    /// </summary>
    public async Task InitAsync(
        ComponentService service,
        string name,
        IReadOnlyDictionary<string, string> properties,
        CancellationToken cancellation
    )
    {
        if (await TryRepeatAsync(service, name, properties, cancellation))
        {
            return;
        }

        var instance = Make(service, name, properties);
        bool reached;
        try
        {
            reached = await instance.Engine.Primary.ConnectAsync(ConnectTime, cancellation);
        }
        catch
        {
            await instance.RetireAsync();
            throw;
        }

        Save(instance, properties);
        Instance? older;
        lock (_lock)
        {
            _instances.Remove((service, name), out older);
            _instances[(service, name)] = instance;
        }

        log.InstanceWasInitialised(service, name, instance.Options.Namespace.Name, reached);
        if (older is not null)
        {
            await older.RetireAsync();
        }
    }

    /// <summary>
    /// Enters a call on an instance. Throws <see cref="DarqException"/> where it is neither there nor can be brought back.
    /// </summary>
    public async ValueTask<InstanceUse> UseAsync(ComponentService service, string name)
    {
        if (!TryEnter(service, name, out var use))
        {
            use = await ReviveAsync(service, name);
        }

        await use.Instance.FirstHandshake;
        return use;
    }

    /// <summary>Stops sending on every stream; answers are still taken.</summary>
    public void PauseAll()
    {
        lock (_lock)
        {
            foreach (var instance in _instances.Values)
            {
                instance.Pause();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Instance[] left;
        lock (_lock)
        {
            left = [.. _instances.Values];
            _instances.Clear();
        }

        // All at once: each may wait for a silent Redis, and the process has seconds to end.
        await Task.WhenAll(left.Select(instance => instance.RetireAsync().AsTask()));
    }

    private bool TryEnter(ComponentService service, string name, out InstanceUse use)
    {
        lock (_lock)
        {
            var found = _instances.TryGetValue((service, name), out var instance);
            use = found ? new InstanceUse(instance!) : default;
            instance?.Enter();
            return found;
        }
    }

    /// <summary>An Init that changes nothing checks the handshake again and ends a pause; the instance and its streams stay.</summary>
    private async Task<bool> TryRepeatAsync(
        ComponentService service,
        string name,
        IReadOnlyDictionary<string, string> properties,
        CancellationToken cancellation
    )
    {
        if (!TryEnter(service, name, out var use))
        {
            return false;
        }

        await using (use)
        {
            if (!use.Instance.IsMadeFrom(properties))
            {
                return false;
            }

            var reached = await use.Engine.Primary.ConnectAsync(ConnectTime, cancellation);
            use.Instance.Resume();
            log.InstanceWasInitialised(service, name, use.Instance.Options.Namespace.Name, reached);
            return true;
        }
    }

    private async Task<InstanceUse> ReviveAsync(ComponentService service, string name)
    {
        var revived = Make(service, name, Recall(service, name), TryConnectAsync);
        InstanceUse use;
        bool isFirst;
        lock (_lock)
        {
            isFirst = _instances.TryAdd((service, name), revived);
            use = new InstanceUse(_instances[(service, name)]);
            use.Instance.Enter();
        }

        if (isFirst)
        {
            log.InstanceWasRevived(service, name);
        }
        else
        {
            await revived.RetireAsync();
        }

        return use;
    }

    private static async Task TryConnectAsync(InstanceEngine engine)
    {
        try
        {
            await engine.Primary.ConnectAsync(ConnectTime, CancellationToken.None);
        }
        catch (DarqException)
        {
            // Every call gets the same error from the primary.
        }
    }

    private Instance Make(
        ComponentService service,
        string name,
        IReadOnlyDictionary<string, string> properties,
        Func<InstanceEngine, Task>? firstHandshake = null
    )
    {
        var reading = OptionsReader.Read(service, properties);
        if (reading.Options is not { } options)
        {
            throw new DarqException(ErrorCode.Invalid, $"INVALID: {Describe(reading.Errors, service, name)}");
        }

        if (reading.WithoutEffect.Count > 0)
        {
            log.SettingsHaveNoEffect(service, name, string.Join(", ", reading.WithoutEffect));
        }

        foreach (var warning in reading.Warnings)
        {
            log.SettingIsDoubtful(service, name, warning);
        }

        var engine = new InstanceEngine(engines.Rent(options.Redis, options.Namespace), options.Namespace, time, random, log);
        return new Instance(service, name, properties, options, engine, _app)
        {
            FirstHandshake = firstHandshake?.Invoke(engine) ?? Task.CompletedTask,
        };
    }

    private static string Describe(IReadOnlyList<string> errors, ComponentService service, string name)
    {
        var component = SettingTable.Of(service).Component;
        return errors.Count == 1
            ? $"a setting of {component} {SettingValues.Show(name)} is wrong: {errors[0]}."
            : $"{errors.Count} settings of {component} {SettingValues.Show(name)} are wrong: "
                + $"{string.Join("; ", errors.Select((error, index) => $"({index + 1}) {error}"))}.";
    }

    private void Save(Instance instance, IReadOnlyDictionary<string, string> properties)
    {
        try
        {
            folder.Save(InitRecords.Of(instance.Service, instance.Name, properties));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            log.InitWasNotKept(instance.Service, instance.Name, folder.FullPath, fault.Message);
        }
    }

    private IReadOnlyDictionary<string, string> Recall(ComponentService service, string name)
    {
        try
        {
            var record = folder.Find(service, name) ?? throw Missing(service, name, "its Init never reached this component");
            return InitRecords.Complete(record, secrets);
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Missing(service, name, fault.Message);
        }
    }

    private static DarqException Missing(ComponentService service, string name, string why) =>
        new(
            ErrorCode.Misconfigured,
            $"MISCONFIGURED: {SettingTable.Of(service).Component} {SettingValues.Show(name)} is not initialised: {why}. Restart "
                + "the sidecar: it sends Init."
        );
}
