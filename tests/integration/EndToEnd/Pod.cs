using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>
/// A component and its sidecar beside an app, on one Redis: what runs in a user's pod. On a developer's machine several sidecars share
/// a component.
/// </summary>
internal sealed class Pod(ComponentProcess component, Sidecar sidecar, bool ownsComponent) : IAsyncDisposable
{
    public ComponentProcess Component { get; } = component;

    public Sidecar Sidecar { get; } = sidecar;

    public string AppId => Sidecar.AppId;

    public static async Task<Pod> StartAsync(RedisServer redis, string appId, IPodApp? app)
    {
        var component = await ComponentProcess.StartWithAdminAsync();
        try
        {
            return new(component, await StartSidecarAsync(component, redis, appId, app, []), ownsComponent: true);
        }
        catch
        {
            await component.DisposeAsync();
            throw;
        }
    }

    /// <summary>A sidecar and app on a component that others use as well, with settings for all its component files.</summary>
    public static async Task<Pod> JoinAsync(
        ComponentProcess component,
        RedisServer redis,
        string appId,
        IPodApp? app,
        params (string Name, string Value)[] settings
    ) => new(component, await StartSidecarAsync(component, redis, appId, app, settings), ownsComponent: false);

    public async Task<HttpStatusCode> PublishAsync(string topic, string id, object data)
    {
        using var answer = await Sidecar.Http.PostAsJsonAsync($"v1.0/publish/bank/{topic}?metadata.darq.id={id}", data);
        return answer.StatusCode;
    }

    /// <summary>Publishes until it is accepted, as a publisher does that knows its id makes that safe.</summary>
    public Task PublishPatientlyAsync(string topic, string id, object data) =>
        Eventually.TrueAsync(
            async () => await PublishAsync(topic, id, data) == HttpStatusCode.NoContent,
            TimeSpan.FromSeconds(30),
            $"message {id} was accepted"
        );

    public Task<HttpResponseMessage> SaveAsync(string key, object value) =>
        Sidecar.Http.PostAsJsonAsync("v1.0/state/ledger", new[] { new { key, value } });

    public Task<string> ReadAsync(string key) => Sidecar.Http.GetStringAsync($"v1.0/state/ledger/{key}");

    public async Task<HttpResponseMessage> StepAsync(string token, string key, object value, string emit = "[]") =>
        await Sidecar.Http.PostAsJsonAsync(
            "v1.0/state/ledger/transaction",
            new
            {
                operations = new[] { new { operation = "upsert", request = new { key, value } } },
                metadata = new Dictionary<string, string> { ["darq.token"] = token, ["darq.emit"] = emit },
            }
        );

    /// <summary>Sends a step through the output binding; its answer.</summary>
    public async Task<JsonElement> StepAsync(object step)
    {
        using var answer = await Sidecar.Http.PostAsJsonAsync("v1.0/bindings/work", new { operation = "step", data = step });
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    public async ValueTask DisposeAsync()
    {
        await Sidecar.DisposeAsync();
        if (ownsComponent)
        {
            await Component.DisposeAsync();
        }
    }

    private static Task<Sidecar> StartSidecarAsync(
        ComponentProcess component,
        RedisServer redis,
        string appId,
        IPodApp? app,
        (string Name, string Value)[] settings
    )
    {
        (string, string)[] connection = [("redisHost", redis.Host), .. settings];
        // A test's own settings win over these.
        (string, string)[] delivery = settings.Any(setting => setting.Name == "retryDelay") ? [] : [("retryDelay", "50ms")];
        (string, string)[] binding = [("topics", "work"), ("appID", "{appID}"), ("direction", "input, output")];
        return Sidecar.StartAsync(
            new SidecarOptions
            {
                AppId = appId,
                AppPort = app?.Port,
                AppProtocol = app?.Protocol ?? "http",
                SocketsFolder = component.SocketsFolder,
                Resources = new Dictionary<string, string>
                {
                    ["bank.yaml"] = ComponentYaml.Of("bank", "pubsub.darq", [.. connection, .. delivery]),
                    ["ledger.yaml"] = ComponentYaml.Of("ledger", "state.darq", [("redisHost", redis.Host), .. settings.Where(IsOfState)]),
                    ["work.yaml"] = ComponentYaml.Of("work", "bindings.darq", [.. connection, .. delivery, .. binding]),
                },
            }
        );
    }

    private static bool IsOfState((string Name, string Value) setting) => setting.Name is "namespace" or "redisPassword";
}
