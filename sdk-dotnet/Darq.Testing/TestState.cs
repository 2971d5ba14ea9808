using System.Text.Json;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Testing.Calls;
using Darq.Testing.Hosting;
using Grpc.Core;

namespace Darq.Testing;

/// <summary>The state of the app under test, under the keys that the app uses. All its state stores are one.</summary>
public sealed class TestState
{
    private readonly World _world;

    internal TestState(World world) => _world = world;

    /// <summary>Reads a value.</summary>
    /// <param name="key">Its key.</param>
    /// <typeparam name="T">What it is read as, from JSON.</typeparam>
    /// <returns>The value; the default of <typeparamref name="T"/> where there is none.</returns>
    /// <exception cref="DarqTestException">The key is none that a sidecar takes.</exception>
    /// <exception cref="JsonException">The value is no such thing.</exception>
    public T? Get<T>(string key)
    {
        var value = SimulationThread.Wait(AskAsync(async component => (await component.State.GetAsync([StateItems.Key(key)], default))[0]));
        return value.ETag is null ? default : JsonSerializer.Deserialize<T>(value.Data.Span, _world.Options.JsonSerializerOptions);
    }

    /// <summary>Writes a value, whatever was there. Safe to repeat.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value, which is written as JSON.</param>
    /// <typeparam name="T">What it is written as.</typeparam>
    /// <exception cref="DarqTestException">The key is none that a sidecar takes, or the value is too large.</exception>
    public void Set<T>(string key, T value) =>
        Apply(() =>
            new StateOperation(StateChange.Upsert, StateItems.Key(key))
            {
                Value = JsonSerializer.SerializeToUtf8Bytes(value, _world.Options.JsonSerializerOptions),
            }
        );

    /// <summary>Deletes a value, if it is there. Safe to repeat.</summary>
    /// <param name="key">Its key.</param>
    /// <exception cref="DarqTestException">The key is none that a sidecar takes.</exception>
    public void Delete(string key) => Apply(() => new StateOperation(StateChange.Delete, StateItems.Key(key)));

    private void Apply(Func<StateOperation> operation) =>
        SimulationThread.Wait(
            AskAsync(async component =>
            {
                await component.State.ApplyAsync(operation(), default);
                return true;
            })
        );

    private async Task<T> AskAsync<T>(Func<ComponentProcess, Task<T>> ask)
    {
        var process = await _world.ProcessAsync().ConfigureAwait(false);
        try
        {
            return await process.Component.AskAsync(() => ask(process.Component)).ConfigureAwait(false);
        }
        catch (Exception refused) when (refused is DarqException or RpcException)
        {
            throw new DarqTestException((refused as RpcException)?.Status.Detail ?? refused.Message, refused);
        }
    }
}
