using System.Text.Json;
using Darq.Component.Configuration;
using Darq.Component.Telemetry;
using Darq.Engine.Core;
using Darq.Engine.Telemetry;

namespace Darq.Component.Instances;

/// <summary>
/// The instances of all sidecars: Init makes one, atomically in place of an older one; a call for an unknown one brings it back from the
/// folder, because a sidecar does not repeat Init after a restart of the component. <see cref="SidecarTable"/> knows whose is whose.
/// </summary>
internal sealed class InstanceTable(
    InstanceFactory factory,
    InitFolder folder,
    ProcessFolder processes,
    Secrets secrets,
    StreamRegister streams,
    TimeProvider time,
    ILogger<InstanceTable> log
) : IAsyncDisposable
{
    /// <summary>Bounds Init when Redis is away: the sidecar counts a slow Init as failed.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromMilliseconds(700);

    /// <summary>How soon the end of a process is noticed. Until then only memory and a connection to Redis are held.</summary>
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(1);

    private readonly SidecarTable _sidecars = new();

    // Held where the table changes and the folder with it.
    private readonly Lock _keeping = new();
    private long _lastInit;
    private bool _stopping;

    // Set by the start.
    private SupervisedLoop? _watch;

    /// <summary>Called before the first connection: records of processes that have ended are of no use to anybody.</summary>
    public async Task StartAsync()
    {
        Clean(() =>
        {
            foreach (var record in folder.RemoveOlderFormat())
            {
                log.OlderRecordWasRemoved(record.Service, record.Instance);
            }
        });

        foreach (var process in folder.All().Select(record => record.Process).Where(process => !process.IsHidden).Distinct())
        {
            _sidecars.Expect(process);
        }

        await RemoveEndedAsync();
        _watch = new("sidecars", WatchAsync, time, log);
        _watch.Start();
    }

    /// <summary>A connection was opened by a process; calls on it name the sidecar that is returned.</summary>
    public Sidecar Connect(SidecarProcess process) => _sidecars.Connect(process);

    /// <summary>The connection and all its calls have ended.</summary>
    public async Task DisconnectAsync(Sidecar sidecar)
    {
        IReadOnlyList<Instance> left;
        lock (_keeping)
        {
            left = _sidecars.Disconnect(sidecar);
            // One that we close ourselves says nothing of its sidecar, which needs its records after the restart.
            Forget(_stopping ? [] : left);
        }

        await RetireAsync(left);
    }

    /// <summary>
    /// Makes or replaces an instance. Throws <see cref="DarqException"/>: Invalid with everything that is wrong with the
    /// properties, Misconfigured with the setting of Redis to change; the older instance then stays. Safe to repeat.
    /// </summary>
    public async Task InitAsync(
        Sidecar sidecar,
        InstanceKey key,
        IReadOnlyDictionary<string, string> properties,
        CancellationToken cancellation
    )
    {
        if (await TryRepeatAsync(sidecar, key, properties, cancellation))
        {
            return;
        }

        var instance = factory.Make(InitRecords.Of(sidecar.Process, key, properties, Now()), properties, sidecar.App);
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

        if (_sidecars.Find(sidecar, key) is { } older)
        {
            instance.Succeed(older);
            instance.Streams.Resume();
        }

        var replaced = Put(sidecar, instance);
        log.InstanceWasInitialised(key.Service, key.Name, instance.Owner, instance.Options.Namespace.Name, TextOf(reached));
        await RetireAsync(replaced);
    }

    /// <summary>
    /// Enters a call on an instance. Throws <see cref="DarqException"/> where it is neither there nor can be brought back, and where it
    /// could be one of several.
    /// </summary>
    public async ValueTask<InstanceUse> UseAsync(Sidecar sidecar, InstanceKey key)
    {
        if (!_sidecars.TryEnter(sidecar, key, out var instance))
        {
            instance = await ReviveAsync(sidecar, key);
        }

        await instance.FirstHandshake;
        return new InstanceUse(instance);
    }

    /// <summary>Forgets the sidecars whose process has ended; that a connection ended says nothing of its process.</summary>
    public async Task RemoveEndedAsync()
    {
        foreach (var process in _sidecars.Unconnected.Where(process => !processes.Lives(process)))
        {
            IReadOnlyList<Instance> left;
            lock (_keeping)
            {
                left = _sidecars.Remove(process);
                streams.Forget(process);
                Clean(() => folder.RemoveAll(process));
            }

            if (left.Count > 0)
            {
                log.SidecarHasEnded(process.Id, string.Join(", ", left.Select(instance => $"{instance.Key.Service} '{instance.Name}'")));
            }

            await RetireAsync(left);
        }
    }

    /// <summary>Stops sending on every stream; answers are still taken. Connections that end from now on were closed by us.</summary>
    public void Stop()
    {
        lock (_keeping)
        {
            _stopping = true;
        }

        foreach (var instance in _sidecars.Instances)
        {
            instance.Streams.Pause();
        }
    }

    /// <summary>The host has stopped: no call is left, and none comes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_watch is not null)
        {
            await _watch.DisposeAsync();
        }

        await RetireAsync(_sidecars.Instances);
    }

    private async Task<TimeSpan> WatchAsync(CancellationToken cancellation)
    {
        await RemoveEndedAsync();
        return LookPause;
    }

    private static string TextOf(bool reached) => reached ? "Redis answers" : "Redis has not answered yet, and is asked again and again";

    /// <summary>An Init that changes nothing checks the handshake again and ends a pause; the instance and its streams stay.</summary>
    private async Task<bool> TryRepeatAsync(
        Sidecar sidecar,
        InstanceKey key,
        IReadOnlyDictionary<string, string> properties,
        CancellationToken cancellation
    )
    {
        if (!_sidecars.TryEnterOwn(sidecar, key, out var instance))
        {
            return false;
        }

        await using var use = new InstanceUse(instance);
        if (!instance.IsMadeFrom(properties))
        {
            return false;
        }

        var reached = await instance.Engine.Primary.ConnectAsync(ConnectTime, cancellation);
        instance.Streams.Resume();
        var replaced = Put(sidecar, instance);
        log.InstanceWasInitialised(key.Service, key.Name, instance.Owner, instance.Options.Namespace.Name, TextOf(reached));
        await RetireAsync(replaced);
        return true;
    }

    private IReadOnlyList<Instance> Put(Sidecar sidecar, Instance instance)
    {
        lock (_keeping)
        {
            Save(instance.Record);
            var replaced = _sidecars.Put(sidecar, instance);
            if (sidecar.Process.IsHidden)
            {
                // Also those from before a restart: as far as anybody can tell they are of sidecars that are gone.
                Clean(() => folder.RetainHidden(instance.Key, [.. _sidecars.Hidden(instance.Key).Select(hidden => hidden.Record)]));
            }

            return replaced;
        }
    }

    private async ValueTask<Instance> ReviveAsync(Sidecar sidecar, InstanceKey key)
    {
        var record = Recall(sidecar.Process, key, out var properties);
        var revived = factory.Make(record, properties, sidecar.App, TryConnectAsync);
        if (_sidecars.Revive(sidecar, revived, out var entered))
        {
            log.InstanceWasRevived(key.Service, key.Name, revived.Owner);
        }
        else
        {
            await revived.RetireAsync();
        }

        return entered;
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

    /// <summary>All at once: each may wait for a silent Redis, and at the end the process has seconds.</summary>
    private static Task RetireAsync(IReadOnlyList<Instance> instances) =>
        instances.Count == 0 ? Task.CompletedTask : Task.WhenAll(instances.Select(instance => instance.RetireAsync().AsTask()));

    /// <summary>Rises with every Init, also where the clock does not.</summary>
    private long Now()
    {
        lock (_keeping)
        {
            return _lastInit = Math.Max(_lastInit + 1, time.GetUtcNow().ToUnixTimeMilliseconds());
        }
    }

    private void Save(InitRecord record)
    {
        try
        {
            folder.Save(record with { Topics = streams.Initialised(record) });
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            log.InitWasNotKept(record.Service, record.Instance, folder.FullPath, fault.Message);
        }
    }

    private void Clean(Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            log.RecordsWereNotRemoved(folder.FullPath, fault.Message);
        }
    }

    private void Forget(IReadOnlyList<Instance> instances)
    {
        foreach (var instance in instances)
        {
            Clean(() => folder.Remove(instance.Record));
        }
    }

    private InitRecord Recall(SidecarProcess process, InstanceKey key, out IReadOnlyDictionary<string, string> properties)
    {
        try
        {
            var record =
                (process.IsHidden ? InitRecords.Choose(folder.FindHidden(key)) : folder.Find(process, key))
                ?? throw Missing(key, "its Init never reached this component");
            properties = InitRecords.Complete(record, secrets, folder.All());
            return record;
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Missing(key, fault.Message);
        }
    }

    private static DarqException Missing(InstanceKey key, string why) =>
        new(
            ErrorCode.Misconfigured,
            $"MISCONFIGURED: {SettingTable.Of(key.Service).Component} {SettingValues.Show(key.Name)} is not initialised: {why}. Restart "
                + "the sidecar: it sends Init."
        );
}
