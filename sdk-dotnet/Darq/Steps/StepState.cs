using System.Text.Json;
using Darq.Steps;

namespace Darq;

/// <summary>
/// The app's state as one step sees it. A key is read from Redis once, and the step takes effect only if it has not changed since,
/// whether it is written or not; otherwise the handler runs again. A key that is written without having been read is overwritten
/// whatever it has. Reads show what the step itself wrote.
/// </summary>
public sealed class StepState
{
    private readonly StepBuffer _buffer;
    private readonly PayloadJson _json;

    internal StepState(StepBuffer buffer, PayloadJson json) => (_buffer, _json) = (buffer, json);

    /// <summary>Reads a value. Each call makes an object of its own: what is done to it is not written until it is set.</summary>
    /// <typeparam name="T">The type of the value. Name it nullable (<c>int?</c>) to tell a key that does not exist.</typeparam>
    /// <param name="key">The key: 1 to 1,024 bytes of UTF-8, without <c>||</c>.</param>
    /// <returns>The value; the type's default where the key does not exist.</returns>
    /// <exception cref="ArgumentException">It is not a key.</exception>
    /// <exception cref="InvalidOperationException">The value has not the form of the type, or the step is over.</exception>
    /// <exception cref="Dapr.DaprException">The sidecar or Redis cannot be reached: let it pass, the message comes again.</exception>
    /// <exception cref="TimeoutException">The sidecar did not answer within 10 seconds: let it pass, too.</exception>
    /// <exception cref="OperationCanceledException">The step's token ended: a read never outlives it.</exception>
    public async ValueTask<T?> Get<T>(string key)
    {
        KeyRules.Check(key);
        if (_buffer.Written(key) is { } written)
        {
            return written.Value is null ? default : Parse<T>(key, written.Value);
        }

        var read = await _buffer.ReadAsync(key).ConfigureAwait(false);
        return read.Exists ? Parse<T>(key, read.Data.Span) : default;
    }

    /// <inheritdoc cref="Get{T}(string)"/>
    public ValueTask<T?> Get<T>(StateKey<T> key) => Get<T>(key.Name);

    /// <summary>
    /// Reads several keys in one call to the sidecar, so that getting them afterwards costs nothing. Their values guard the step as those
    /// of <see cref="Get{T}(string)"/> do.
    /// </summary>
    /// <param name="keys">The keys; those that were read before are not read again.</param>
    /// <exception cref="ArgumentException">One of them is not a key.</exception>
    /// <exception cref="InvalidOperationException">The step is over.</exception>
    /// <exception cref="Dapr.DaprException">The sidecar or Redis cannot be reached: let it pass, the message comes again.</exception>
    /// <exception cref="TimeoutException">The sidecar did not answer within 10 seconds: let it pass, too.</exception>
    /// <exception cref="OperationCanceledException">The step's token ended: a read never outlives it.</exception>
    public Task Load(params IEnumerable<string> keys)
    {
        string[] all = [.. keys];
        Array.ForEach(all, KeyRules.Check);
        return _buffer.LoadAsync(all);
    }

    /// <summary>Gives a key a value when the step takes effect.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="key">The key: 1 to 1,024 bytes of UTF-8, without <c>||</c>.</param>
    /// <param name="value">The value, which becomes JSON now; not null.</param>
    /// <param name="timeToLive">
    /// After that the key is gone; whole seconds, rounded up. Null keeps it for ever, also where it had a time to live before.
    /// </param>
    /// <exception cref="ArgumentException">It is not a key, the value is null, or the time to live not above zero.</exception>
    /// <exception cref="InvalidOperationException">The step is over, or the type has no JSON form.</exception>
    public void Set<T>(string key, T value, TimeSpan? timeToLive = null)
    {
        KeyRules.Check(key);
        var json = _json.Serialize(value);
        if (PayloadJson.IsNull(json))
        {
            throw new ArgumentNullException(nameof(value), $"The value of {key} is null; accepted: a value, or State.Delete(\"{key}\").");
        }

        _buffer.Write(new StateWrite(key, json, Lifetime.Seconds(timeToLive)));
    }

    /// <inheritdoc cref="Set{T}(string, T, TimeSpan?)"/>
    public void Set<T>(StateKey<T> key, T value, TimeSpan? timeToLive = null) => Set(key.Name, value, timeToLive);

    /// <summary>Removes a key when the step takes effect; one that does not exist stays so.</summary>
    /// <param name="key">The key: 1 to 1,024 bytes of UTF-8, without <c>||</c>.</param>
    /// <exception cref="ArgumentException">It is not a key.</exception>
    /// <exception cref="InvalidOperationException">The step is over.</exception>
    public void Delete(string key)
    {
        KeyRules.Check(key);
        _buffer.Write(new StateWrite(key, null, null));
    }

    /// <inheritdoc cref="Delete(string)"/>
    public void Delete<T>(StateKey<T> key) => Delete(key.Name);

    private T? Parse<T>(string key, ReadOnlySpan<byte> json)
    {
        try
        {
            return _json.Deserialize<T>(json);
        }
        catch (JsonException other)
        {
            throw new InvalidOperationException(
                $"The state of key {key} has not the form of {typeof(T)}, at {other.Path ?? "its beginning"}; accepted: what was written "
                    + "as that type, or one that can be read as it.",
                other
            );
        }
    }
}
