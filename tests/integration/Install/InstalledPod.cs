using System.Net.Http.Json;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Install;

/// <summary>A component and a sidecar with the files that a user applies.</summary>
internal sealed class InstalledPod(ComponentProcess component, Sidecar sidecar) : IAsyncDisposable
{
    public ComponentProcess Component { get; } = component;

    public Sidecar Sidecar { get; } = sidecar;

    /// <param name="resources">File names and texts.</param>
    /// <param name="app">The app, if there is one.</param>
    /// <param name="sidecarSees">The environment of the sidecar.</param>
    public static async Task<InstalledPod> StartAsync(
        IReadOnlyDictionary<string, string> resources,
        InstalledApp? app = null,
        Dictionary<string, string?>? sidecarSees = null
    )
    {
        var component = await ComponentProcess.StartAsync();
        try
        {
            var options = new SidecarOptions
            {
                AppId = "shop",
                AppPort = app?.Port,
                SocketsFolder = component.SocketsFolder,
                Resources = resources,
                Environment = sidecarSees ?? [],
            };
            return new(component, await Sidecar.StartAsync(options));
        }
        catch
        {
            await component.DisposeAsync();
            throw;
        }
    }

    public async Task SaveAndReadAsync()
    {
        await PostAsync("v1.0/state/statestore", new[] { new { key = "tea", value = 5 } });
        Assert.Equal("5", await Sidecar.Http.GetStringAsync(new Uri("v1.0/state/statestore/tea", UriKind.Relative)));
    }

    public Task PublishAsync(string topic, object data) => PostAsync($"v1.0/publish/pubsub/{topic}", data);

    public async Task<string> PostAsync(string path, object body)
    {
        using var answer = await Sidecar.Http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {text}\n{Component.Process.Output}");
        return text;
    }

    public async ValueTask DisposeAsync()
    {
        await Sidecar.DisposeAsync();
        await Component.DisposeAsync();
    }
}
