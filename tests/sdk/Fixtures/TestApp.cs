using System.Net.Http.Headers;
using System.Net.Http.Json;
using Darq.Sidecar;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Sdk.Fixtures;

/// <summary>An app with steps on a fake sidecar, and the test in the sidecar's place.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly RecordedLogs _logs;

    private TestApp(WebApplication app, FakeSidecar sidecar, RecordedLogs logs) => (_app, Sidecar, _logs) = (app, sidecar, logs);

    public FakeSidecar Sidecar { get; }

    /// <summary>What the SDK has logged, each line as <c>Level Name text</c>.</summary>
    public IEnumerable<string> Log => _logs.Of("Darq.Steps").Select(line => $"{line.Level} {line.Name} {line.Text}");

    public IReadOnlyCollection<LogLine> LogOf(string category) => _logs.Of(category);

    public HttpClient Http => field ??= _app.GetTestClient();

    public static async Task<TestApp> StartAsync(Action<WebApplication> map, Action<WebApplicationBuilder>? configure = null)
    {
        var (sidecar, logs) = (new FakeSidecar(), new RecordedLogs());
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddProvider(logs);
        builder.Services.AddSingleton<ISidecar>(sidecar);
        builder.Services.AddDarq(options =>
        {
            (options.PubSub, options.StateStore, options.ConflictTimeout) = ("bank", "ledger", TimeSpan.Zero);
        });
        configure?.Invoke(builder);
        var app = builder.Build();
        try
        {
            map(app);
            await app.StartAsync();
            return new TestApp(app, sidecar, logs);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Delivers data as the sidecar does, and returns status and answer.</summary>
    public async Task<(int Status, string Answer)> DeliverAsync(string route, object? data, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route);
        request.Content = JsonContent.Create(
            new
            {
                specversion = "1.0",
                datacontenttype = "application/json",
                data,
            },
            new MediaTypeHeaderValue("application/cloudevents+json")
        );
        request.Headers.Add("darq-id", "m-1");
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        if (headers.All(header => header.Name != "darq-token"))
        {
            request.Headers.Add("darq-token", "token");
        }

        using var answer = await Http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
