using System.Net.Http.Headers;
using Darq.Benchmarks.Client;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Http;

namespace Darq.Benchmarks.Sidecars;

/// <summary>
/// A sidecar with a component's socket on one side, and on the other an app or only this process as its client. Both sides of a row have
/// one, with the same resources.
/// </summary>
internal sealed class SidecarPod : IAsyncDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly Sidecar _sidecar;
    private readonly HttpApp? _app;

    private SidecarPod(Sidecar sidecar, HttpApp? app) => (_sidecar, _app) = (sidecar, app);

    /// <summary>Starts app and sidecar; the resources are the YAML of the components that the row is about.</summary>
    public static async Task<SidecarPod> StartAsync(string socketsFolder, IReadOnlyList<string> resources, RequestDelegate? handle = null)
    {
        var app = handle is null ? null : await HttpApp.StartAsync(handle);
        var sidecar = await Sidecar.StartAsync(
            new SidecarOptions
            {
                AppId = "bench",
                AppPort = app?.Port,
                SocketsFolder = socketsFolder,
                Resources = resources.Select((yaml, i) => (i, yaml)).ToDictionary(file => $"component{file.i}.yaml", file => file.yaml),
            }
        );
        return new(sidecar, app);
    }

    public async Task PostAsync(Uri path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = Json;
        using var answer = await _sidecar.Http.PostAsync(path, content);
        await CheckAsync(answer);
    }

    public async Task<byte[]> GetAsync(Uri path)
    {
        using var answer = await _sidecar.Http.GetAsync(path);
        await CheckAsync(answer);
        return await answer.Content.ReadAsByteArrayAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    private static async Task CheckAsync(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw new LoadFailedException(
                $"{answer.RequestMessage!.RequestUri} was answered with {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}"
            );
        }
    }
}
