using System.Net;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>
/// Several sidecars on the socket of one component, whose component files have equal names, as on a developer's machine: nobody gets
/// what is another's.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class SharedComponentTests : IAsyncLifetime
{
    private const string Password = "hunter2";
    private const int Messages = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly List<IAsyncDisposable> _started = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var started in Enumerable.Reverse(_started))
        {
            await started.DisposeAsync();
        }
    }

    [Fact]
    public async Task Three_apps_keep_to_their_groups_namespaces_and_servers_also_after_a_restart_of_the_component()
    {
        var (redis, vault) = (await RedisAsync(), await RedisAsync(Password));
        // After its restart the component has this of nobody.
        var component = Keep(
            await ComponentProcess.StartAsync(
                new Dictionary<string, string?> { ["DARQ_BANK_REDIS_PASSWORD"] = Password, ["DARQ_REDIS_PASSWORD"] = Password }
            )
        );
        var shop = await AppAsync(component, redis, "shop");
        var audit = await AppAsync(component, redis, "audit");
        var safe = await AppAsync(component, vault, "safe", ("redisPassword", Password), ("namespace", "vault"));
        (TestApp App, Pod Pod)[] all = [shop, audit, safe];

        await Task.WhenAll(all.Select(one => PublishAsync(one.Pod)));

        // Two groups on one namespace get all of both, the third its own.
        await HandledAsync(shop.App, 2 * Messages, "shop", "audit");
        await HandledAsync(audit.App, 2 * Messages, "shop", "audit");
        await HandledAsync(safe.App, Messages, "safe");
        foreach (var (_, pod) in all)
        {
            await StepsAsync(pod, all.Where(one => (one.Pod == safe.Pod) == (pod == safe.Pod)).Select(one => one.Pod));
        }

        var keys = await vault.CliAsync("KEYS", "*");
        Assert.DoesNotContain("shop", keys, StringComparison.Ordinal);
        Assert.DoesNotContain("audit", keys, StringComparison.Ordinal);

        await component.RestartAsync();
        foreach (var (_, pod) in all)
        {
            await Eventually.TrueAsync(
                async () => (await pod.SaveAsync("k", pod.AppId)).StatusCode == HttpStatusCode.NoContent,
                Patience,
                $"{pod.AppId} saved its state again"
            );
            Assert.Equal($"\"{pod.AppId}\"", await pod.ReadAsync("k"));
            Assert.Equal(HttpStatusCode.NoContent, await pod.PublishAsync("orders", "after", pod.AppId));
            await pod.StepAsync(
                new
                {
                    state = new[]
                    {
                        new
                        {
                            op = "upsert",
                            key = "stepped",
                            value = pod.AppId,
                        },
                    },
                }
            );
            Assert.Equal($"\"{pod.AppId}\"", await pod.ReadAsync("stepped"));
        }
    }

    [Fact]
    public async Task Two_sidecars_of_one_app_share_a_subscription_and_the_settings_of_the_newest_hold_with_a_warning()
    {
        var redis = await RedisAsync();
        var component = Keep(await ComponentProcess.StartAsync());
        var one = await AppAsync(component, redis, "shop");
        var other = await AppAsync(component, redis, "shop", ("retryDelay", "60ms"));

        for (var i = 0; i < 4 * Messages; i++)
        {
            Assert.Equal(HttpStatusCode.NoContent, await one.Pod.PublishAsync("orders", $"o{i}", i));
        }

        await Eventually.TrueAsync(() => one.App.Handled.Count + other.App.Handled.Count >= 4 * Messages, Patience, "all are handled");
        Assert.Equal(4 * Messages, one.App.Handled.Concat(other.App.Handled).Distinct().Count());
        Assert.Equal(4 * Messages, one.App.Handled.Count + other.App.Handled.Count);
        Assert.NotEmpty(one.App.Handled);
        Assert.NotEmpty(other.App.Handled);
        Assert.Contains(
            component.Process.Output.All,
            line =>
                line.Contains("group shop on topic orders are open with different settings", StringComparison.Ordinal)
                && line.Contains("retryDelay 00:00:00.0600000 instead of 00:00:00.0500000", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Two_apps_whose_sidecars_are_hidden_from_the_component_keep_to_their_namespaces()
    {
        Assert.SkipUnless(await ComponentProcess.CanBeContainedAsync(), "This machine lets no user make namespaces (unshare -Urpf).");
        var redis = await RedisAsync();
        var component = Keep(await ComponentProcess.StartContainedAsync());
        var shop = await AppAsync(component, redis, "shop");
        var safe = await AppAsync(component, redis, "safe", ("namespace", "vault"));

        await Task.WhenAll(PublishAsync(shop.Pod), PublishAsync(safe.Pod));

        await HandledAsync(shop.App, Messages, "shop");
        await HandledAsync(safe.App, Messages, "safe");
        await StepsAsync(shop.Pod, [shop.Pod]);
        await StepsAsync(safe.Pod, [safe.Pod]);

        await component.RestartAsync();
        using (var refused = await shop.Pod.SaveAsync("k", 1))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
            Assert.Contains("two sidecars have a state.darq", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await safe.Pod.Sidecar.RestartAsync();
        await shop.Pod.Sidecar.RestartAsync();
        await PublishAsync(shop.Pod, "again");
        await HandledAsync(shop.App, 2 * Messages, "shop");
        await StepsAsync(safe.Pod, [safe.Pod]);
    }

    private T Keep<T>(T started)
        where T : IAsyncDisposable
    {
        _started.Add(started);
        return started;
    }

    private async Task<RedisServer> RedisAsync(string? password = null) =>
        Keep(await RedisServer.StartAsync(new RedisOptions { Password = password }));

    /// <summary>An app that keeps the data of every message of the binding as a key of its own, in a step.</summary>
    private async Task<(TestApp App, Pod Pod)> AppAsync(
        ComponentProcess component,
        RedisServer redis,
        string appId,
        params (string, string)[] settings
    )
    {
        var app = Keep(await TestApp.StartAsync("bank", "orders"));
        app.Worker = (data, _) =>
            new
            {
                state = new[]
                {
                    new
                    {
                        op = "upsert",
                        key = $"work-{data.GetString()}",
                        value = data,
                    },
                },
            };
        return (app, Keep(await Pod.JoinAsync(component, redis, appId, app, settings)));
    }

    private static async Task PublishAsync(Pod pod, string round = "")
    {
        for (var i = 0; i < Messages; i++)
        {
            await pod.PublishPatientlyAsync(
                "orders",
                $"{pod.AppId}{round}{i}",
                new
                {
                    from = pod.AppId,
                    i,
                    round,
                }
            );
        }
    }

    private static async Task HandledAsync(TestApp app, int count, params string[] from)
    {
        await Eventually.TrueAsync(() => app.Handled.Count >= count, Patience, $"{count} messages of {string.Join(" and ", from)}");
        Assert.Equal(count, app.Handled.Distinct().Count());
        Assert.All(app.Handled, data => Assert.Contains(from, name => data.Contains($"\"from\":\"{name}\"", StringComparison.Ordinal)));
    }

    /// <summary>Sends work through the binding of one; each of the readers gets it, and each keeps it below its own prefix.</summary>
    private static async Task StepsAsync(Pod pod, IEnumerable<Pod> readers)
    {
        Assert.Equal(
            "OK",
            (await pod.StepAsync(new { emit = new[] { new { topic = "work", data = pod.AppId } } })).GetProperty("outcome").GetString()
        );
        foreach (var reader in readers)
        {
            await Eventually.TrueAsync(
                async () => await reader.ReadAsync($"work-{pod.AppId}") == $"\"{pod.AppId}\"",
                Patience,
                $"{reader.AppId} did the work of {pod.AppId}"
            );
        }
    }
}
