using System.Net.Http.Json;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>
/// The sidecar's own transactional outbox with this component as its store and its pub/sub: it publishes each write to an internal topic,
/// and from there to its own once the transaction's row is found. Both halves are the sidecar's; the component has to lose nothing of them.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class OutboxTests : IAsyncLifetime
{
    private const int Orders = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private RedisServer _redis = null!;
    private ComponentProcess _component = null!;
    private TestApp _app = null!;
    private Sidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _component = await ComponentProcess.StartWithAdminAsync();
        _app = await TestApp.StartAsync("bank", "orders");
        _sidecar = await Sidecar.StartAsync(
            new()
            {
                AppId = "shop",
                AppPort = _app.Port,
                SocketsFolder = _component.SocketsFolder,
                Resources = new Dictionary<string, string>
                {
                    ["bank.yaml"] = ComponentYaml.Of("bank", "pubsub.darq", ("redisHost", _redis.Host), ("retryDelay", "50ms")),
                    ["ledger.yaml"] = ComponentYaml.Of(
                        "ledger",
                        "state.darq",
                        ("redisHost", _redis.Host),
                        ("outboxPublishPubsub", "bank"),
                        ("outboxPublishTopic", "orders")
                    ),
                },
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
        await _component.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Every_write_of_a_transaction_is_told_to_subscribers_once_and_its_row_is_gone()
    {
        for (var order = 0; order < Orders; order++)
        {
            await WriteAsync(order);
        }

        await Eventually.TrueAsync(() => _app.Handled.Count >= Orders, Patience, "every write was told");
        Assert.Equal(Enumerable.Range(0, Orders), _app.Handled.Select(int.Parse).Order());
        await Eventually.TrueAsync(async () => await RowsAsync() == 0, Patience, "the sidecar has deleted its rows");
        // What is looked for would be found.
        using var saved = await _sidecar.Http.PostAsJsonAsync("v1.0/state/ledger", new[] { new { key = "outbox-", value = 1 } });
        Assert.Equal(1, await RowsAsync());
        Assert.Equal("3", await _sidecar.Http.GetStringAsync("v1.0/state/ledger/order-3"));
    }

    [Fact]
    public async Task Writes_are_told_although_the_sidecar_and_redis_die_before_that()
    {
        for (var order = 0; order < Orders; order++)
        {
            await WriteAsync(order);
        }

        await _redis.KillAsync();
        await _redis.RestartAsync();
        await _sidecar.RestartAsync();

        await Eventually.TrueAsync(
            () => _app.Handled.Distinct().Count() == Orders,
            Patience,
            "every write was told, those once more that the sidecar had told and not yet acknowledged"
        );
    }

    private async Task WriteAsync(int order)
    {
        var request = new
        {
            key = $"order-{order}",
            value = order,
            contentType = "application/json",
        };
        using var answer = await _sidecar.Http.PostAsJsonAsync(
            "v1.0/state/ledger/transaction",
            new { operations = new[] { new { operation = "upsert", request } } }
        );
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>How many rows of the outbox the store has.</summary>
    private async Task<int> RowsAsync() =>
        (await _redis.CliAsync("--scan", "--pattern", "*outbox-*")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
}
