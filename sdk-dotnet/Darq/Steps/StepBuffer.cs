using Darq.Sidecar;

namespace Darq.Steps;

/// <summary>
/// What a handler has read, written and emitted so far. A handler may do several things at once, so all of it is under a lock; once the
/// step is over, whatever still holds it hears that.
/// </summary>
internal sealed class StepBuffer(StepSource source, ISidecar sidecar, TimeProvider time, CancellationToken cancellationToken)
{
    private const int ShownKeys = 10;

    private readonly Lock _lock = new();

    // Under _lock. Writes keep their order, because a reader of logs expects it.
    private readonly Dictionary<string, Task<StoredValue>> _reads = [];
    private readonly OrderedDictionary<string, StateWrite> _writes = [];
    private readonly List<EmittedMessage> _emits = [];
    private bool _over;

    /// <summary>The value that the handler gave the key; null where it gave none.</summary>
    public StateWrite? Written(string key)
    {
        lock (_lock)
        {
            EnsureOpen();
            return _writes.GetValueOrDefault(key);
        }
    }

    /// <summary>Reads each key once: a step sees one value of it, and that value guards it.</summary>
    public Task<StoredValue> ReadAsync(string key)
    {
        lock (_lock)
        {
            EnsureOpen();
            return IsRead(key) ? _reads[key] : _reads[key] = ReadNowAsync(key);
        }
    }

    /// <summary>Reads those of the keys that were not read before, in one call, and waits for all of them.</summary>
    public Task LoadAsync(IReadOnlyList<string> keys)
    {
        lock (_lock)
        {
            EnsureOpen();
            string[] missing = [.. keys.Distinct().Where(key => !IsRead(key))];
            if (missing.Length > 0)
            {
                var all = ReadNowAsync(missing);
                foreach (var key in missing)
                {
                    _reads[key] = OneOfAsync(all, key);
                }
            }

            return Task.WhenAll(keys.Select(key => _reads[key]));
        }
    }

    public void Write(StateWrite write)
    {
        lock (_lock)
        {
            EnsureOpen();
            _writes[write.Key] = write;
        }
    }

    public void Emit(EmittedMessage message)
    {
        lock (_lock)
        {
            EnsureOpen();
            _emits.Add(message);
        }
    }

    /// <summary>Ends the step, so that nothing is added that would not take effect.</summary>
    public void End()
    {
        lock (_lock)
        {
            _over = true;
        }
    }

    /// <summary>
    /// All of it, each written key guarded by what was read of it. Only of a step that is over. A read without a value guards nothing, and
    /// a handler that goes on as if it had read something would overwrite what it never saw: such a step is not sent.
    /// </summary>
    /// <exception cref="InvalidOperationException">A read failed, or nobody awaited it.</exception>
    public async Task<StepChanges> ChangesAsync()
    {
        Dictionary<string, string> etags = [];
        foreach (var (key, read) in _reads)
        {
            var value = read.IsCompletedSuccessfully ? await read.ConfigureAwait(false) : throw Unread(key, read);
            etags[key] = value.ETag;
        }

        StateWrite[] writes =
        [
            .. _writes
                .Values.Select(write => write with { ETag = etags.GetValueOrDefault(write.Key) })
                // What is not there needs no delete; that it is not there is a read.
                .Where(write => write is not { Value: null, ETag: StoredValue.Absent }),
        ];
        var written = writes.Select(write => write.Key).ToHashSet();
        StateRead[] reads = [.. etags.Where(read => !written.Contains(read.Key)).Select(read => new StateRead(read.Key, read.Value))];
        return new StepChanges(writes, reads, [.. _emits]);
    }

    private Task<StoredValue> ReadNowAsync(string key) =>
        CallTime.LimitAsync($"The read of the state {key}", token => sidecar.ReadAsync(key, token), time, cancellationToken);

    private Task<IReadOnlyDictionary<string, StoredValue>> ReadNowAsync(string[] keys) =>
        CallTime.LimitAsync(
            $"The read of the states {string.Join(", ", keys.Take(ShownKeys))}{(keys.Length > ShownKeys ? ", …" : "")}",
            token => sidecar.ReadAsync(keys, token),
            time,
            cancellationToken
        );

    private static async Task<StoredValue> OneOfAsync(Task<IReadOnlyDictionary<string, StoredValue>> all, string key) =>
        (await all.ConfigureAwait(false))[key];

    private InvalidOperationException Unread(string key, Task read) =>
        read.IsCompleted
            ? new($"The {source} is not sent: its read of the state {key} failed, and the handler went on.", read.Exception)
            : new($"The {source} is not sent: its read of the state {key} was not awaited; accepted: await step.State.Get<T>(\"{key}\").");

    /// <summary>A read that failed tells nothing of the value, so it may be tried again.</summary>
    private bool IsRead(string key) => _reads.TryGetValue(key, out var read) && read is { IsFaulted: false, IsCanceled: false };

    /// <summary>Throws <see cref="InvalidOperationException"/> once the step is over.</summary>
    public void CheckOpen()
    {
        lock (_lock)
        {
            EnsureOpen();
        }
    }

    /// <summary>Whether the handler has read anything. Throws <see cref="InvalidOperationException"/> once the step is over.</summary>
    public bool HasRead()
    {
        lock (_lock)
        {
            EnsureOpen();
            return _reads.Count > 0;
        }
    }

    private void EnsureOpen()
    {
        if (_over)
        {
            throw new InvalidOperationException(
                $"The {source} is over: its step was sent, or given up. A step is for its handler alone; what goes on behind it publishes "
                    + $"and writes by itself ({nameof(IDarqClient)})."
            );
        }
    }
}
