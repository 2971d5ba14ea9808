using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>A key of one partition that another program wrote to: what needs it fails, and everything else goes on.</summary>
public sealed class DamageTests : IAsyncLifetime
{
    private const int Damaged = 0;

    private readonly NamespaceOptions _options = new() { Partitions = 4 };
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Theory]
    [InlineData("m", "")]
    [InlineData("m", "lsn")]
    [InlineData("m", "l:g:t")]
    [InlineData("m", "t:t")]
    [InlineData("q:g:t", "")]
    [InlineData("t:t", "")]
    public async Task The_other_partitions_deliver_and_take_messages(string key, string field)
    {
        // Its header exists before.
        await using (await EngineRun.StartAsync(_redis.Port, _options)) { }

        await DamageAsync(key, field);
        await using var run = await EngineRun.StartAsync(_redis.Port, _options);
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new() { MaxInFlight = 16, Concurrent = true }, inbox);

        List<string> expected = [];
        for (var i = 0; i < 16; i++)
        {
            var partition = PartitionHash.Of($"k{i}", _options.Partitions);
            if (partition != Damaged)
            {
                await run.PublishAsync("t", $"{i}", ("partitionKey", $"k{i}"));
                expected.Add($"{i}");
            }
        }

        List<string> delivered = [];
        while (delivered.Count < expected.Count)
        {
            var delivery = await inbox.NextAsync();
            delivered.Add(Inbox.Text(delivery));
            stream.Ack(delivery.Token);
        }

        Assert.Equal(expected.Order(), delivered.Order());
        Assert.Equal(1, Assert.Single(run.Subscriptions.Statuses).Gauges.DamagedLanes);
    }

    [Fact]
    public async Task A_partition_delivers_again_once_its_key_was_mended()
    {
        await using (await EngineRun.StartAsync(_redis.Port, _options)) { }

        await DamageAsync("q:g:t", "");
        await using var run = await EngineRun.StartAsync(_redis.Port, _options);
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new(), inbox);
        var key = Enumerable.Range(0, 100).Select(i => $"k{i}").First(key => PartitionHash.Of(key, _options.Partitions) == Damaged);
        await run.PublishAsync("t", "1", ("partitionKey", key));
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(2)), "a lane with a damaged key delivers");

        await _redis.CliAsync("DEL", Key("q:g:t"));

        Assert.Equal("1", Inbox.Text(await inbox.NextAsync()));
    }

    [Fact]
    public async Task Messages_are_delivered_though_a_stream_with_others_was_overwritten()
    {
        await using var run = await EngineRun.StartAsync(_redis.Port, _options);
        string[] keys = [.. Enumerable.Range(0, 40).Select(i => $"k{i}")];
        foreach (var key in keys)
        {
            await run.PublishAsync("t", key, ("partitionKey", key));
        }

        await _redis.CliAsync("SET", Key("t:t"), "planted");
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new() { MaxInFlight = 40, Concurrent = true }, inbox);

        var others = keys.Where(key => PartitionHash.Of(key, _options.Partitions) != Damaged).ToArray();
        List<string> delivered = [];
        while (delivered.Count < others.Length)
        {
            delivered.Add(Inbox.Text(await inbox.NextAsync()));
        }

        Assert.Equal(others.Order(), delivered.Order());
        await Eventually.TrueAsync(
            () => Task.FromResult(run.Subscriptions.Statuses[0].Gauges.DamagedLanes == 1),
            TimeSpan.FromSeconds(5),
            "the stream counts as damaged"
        );
    }

    [Fact]
    public async Task Heartbeats_go_on_beside_one_in_another_form()
    {
        await using var run = await EngineRun.StartAsync(_redis.Port, _options);
        await _redis.CliAsync("HSET", new Keys(_options.Name, _options.Partitions).Members, "planted", "x");
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new(), inbox);

        await run.PublishAsync("t", "1");

        Assert.Equal("1", Inbox.Text(await inbox.NextAsync()));
    }

    private string Key(string suffix) => $"{PartitionTag.Of(_options.Name, Damaged, _options.Partitions)}:{suffix}";

    private async Task DamageAsync(string key, string field)
    {
        if (field.Length > 0)
        {
            await _redis.CliAsync("HSET", Key(key), field, "planted");
        }
        else
        {
            await _redis.CliAsync("SET", Key(key), "planted");
        }
    }
}
