using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Darq.Tests.Helm.Chart;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>The example app as the chart renders it, on this machine: handler, Components, a sidecar, the component and Redis.</summary>
[Trait("Lane", "Slow")]
public sealed class ExampleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_transfer_that_is_published_twice_takes_effect_once()
    {
        await using var redis = await RedisServer.StartAsync();
        var rendering = await Rendering.WithAsync("example.enabled=true", "components.restartSidecar=off", $"redis.host={redis.Host}");
        await using var component = await ComponentProcess.StartWithAdminAsync();
        var (appPort, apiPort) = (FreePort.Next(), FreePort.Next());
        using var files = new TempFolder();
        var handler = files.Write("handler.mjs", Handler(rendering, appPort, apiPort));
        await using var app = await ChildProcess.StartAsync("node", [handler]);
        await app.ReadyAsync(() => AnswersAsync(appPort), Patience, "the handler listens");
        await using var sidecar = await Sidecar.StartAsync(
            new SidecarOptions
            {
                AppId = "ledger",
                AppPort = appPort,
                HttpApiPort = apiPort,
                SocketsFolder = component.SocketsFolder,
                Resources = ComponentsOf(rendering, "ledger"),
            }
        );

        await PublishAsync(sidecar, "t-1");
        await PublishAsync(sidecar, "t-1");
        // What is published last is handled last: the amounts are those of two transfers, not of three.
        await PublishAsync(sidecar, "t-2");
        await Eventually.TrueAsync(async () => await BalanceAsync(sidecar, "bob") >= 20, Patience, "both transfers are done");

        Assert.Equal((-20, 20), (await BalanceAsync(sidecar, "alice"), await BalanceAsync(sidecar, "bob")));
        await CheckMetricsAsync(await component.AdminAsync());
    }

    /// <summary>What Prometheus would read has the names that alerts and dashboard use.</summary>
    private static async Task CheckMetricsAsync(Uri admin)
    {
        using var client = new HttpClient();
        var names = PrometheusText
            .Parse(await client.GetStringAsync(new Uri(admin, "metrics")))
            .Samples.Select(sample => sample.Name)
            .Where(name => name.StartsWith("darq_", StringComparison.Ordinal))
            .Distinct()
            .ToArray();
        Assert.Empty(names.Except(KnownMetrics.Labels.Keys));
        Assert.Superset(
            new HashSet<string>([
                "darq_connected",
                "darq_deliveries_oldest_age_seconds",
                "darq_steps_ended_total",
                "darq_loop_age_seconds",
            ]),
            names.ToHashSet()
        );
    }

    private static string Handler(Rendering rendering, int appPort, int apiPort) =>
        ((string)rendering.Single("ConfigMap", "shop-darq-example")["data"]!["handler.mjs"]!)
            .Replace("8080", $"{appPort}", StringComparison.Ordinal)
            .Replace("3500", $"{apiPort}", StringComparison.Ordinal);

    /// <summary>Those that Dapr gives to an app, as files; JSON is YAML.</summary>
    private static Dictionary<string, string> ComponentsOf(Rendering rendering, string app) =>
        rendering
            .Of("Component")
            .Where(component => component["scopes"] is not JsonArray scopes || scopes.Any(scope => (string?)scope == app))
            .ToDictionary(component => $"{Rendering.NameOf(component)}.yaml", component => component.ToJsonString());

    private static async Task<bool> AnswersAsync(int port)
    {
        using var client = new HttpClient();
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/"));
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task PublishAsync(Sidecar sidecar, string id)
    {
        using var transfer = new StringContent("""{"from": "alice", "to": "bob", "amount": 10}""", Encoding.UTF8, "application/json");
        var address = new Uri($"v1.0/publish/bank/transfers?metadata.darq.id={id}&metadata.partitionKey=alice", UriKind.Relative);
        using var answer = await sidecar.Http.PostAsync(address, transfer);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<int> BalanceAsync(Sidecar sidecar, string account)
    {
        var text = await sidecar.Http.GetStringAsync(new Uri($"v1.0/state/ledger/{account}", UriKind.Relative));
        return text.Length == 0 ? 0 : int.Parse(text, CultureInfo.InvariantCulture);
    }
}
