using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Tests.Integration.Engine;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Library;

/// <summary>A server at its maxmemory takes nothing new, and everything that frees.</summary>
public sealed class OutOfMemoryTests : IAsyncLifetime
{
    private RedisServer _redis = null!;
    private EngineRun _run = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _run = await EngineRun.StartAsync(_redis.Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task A_full_server_refuses_what_is_new_and_takes_acks_and_deletes()
    {
        var inbox = new Inbox();
        await using var stream = _run.Subscriptions.Attach("g", "t", new(), inbox);
        await _run.State.ApplyAsync(new(StateChange.Upsert, new("k")) { Value = "v"u8.ToArray() }, default);
        var published = await _run.PublishAsync("t", "x", ("partitionKey", "a"));
        var delivery = await inbox.NextAsync();

        await _redis.CliAsync("CONFIG", "SET", "maxmemory", "1");

        Assert.Equal(ErrorCode.Full, (await Assert.ThrowsAsync<DarqException>(() => _run.PublishAsync("t", "y"))).Code);
        Assert.Equal(
            ErrorCode.Full,
            (
                await Assert.ThrowsAsync<DarqException>(async () => await _run.State.ApplyAsync(new(StateChange.Upsert, new("l")), default))
            ).Code
        );
        await _run.State.ApplyAsync(new(StateChange.Delete, new("k")), default);
        Assert.Null(await _run.ReadAsync("k"));
        stream.Ack(delivery.Token);
        var partition = int.Parse(published.Id.Split('-')[0], System.Globalization.CultureInfo.InvariantCulture);
        await Eventually.TrueAsync(
            async () => await _redis.CliAsync("XLEN", _run.Primary.Keys.Stream(partition, "t")) == "0",
            TimeSpan.FromSeconds(10),
            "the answered message is passed and trimmed"
        );

        await _redis.CliAsync("CONFIG", "SET", "maxmemory", "0");

        Assert.False((await _run.PublishAsync("t", "y")).Duplicate);
    }
}
