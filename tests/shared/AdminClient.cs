using System.Net;
using System.Text.Json;

namespace Darq.Tests.Shared;

/// <summary>Asks the admin endpoint of a component, as a probe and a scraper do.</summary>
internal sealed class AdminClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address };

    public HttpClient Http => _http;

    public static async Task<AdminClient> OfAsync(ComponentProcess component) => new(await component.AdminAsync());

    public Task<(HttpStatusCode Status, IReadOnlyList<string> Reasons)> HealthAsync() => ReportAsync("healthz");

    public Task<(HttpStatusCode Status, IReadOnlyList<string> Reasons)> ReadinessAsync() => ReportAsync("readyz");

    /// <summary>The readiness once it has this status.</summary>
    public async Task<IReadOnlyList<string>> ReadinessAsync(HttpStatusCode status, TimeSpan patience) =>
        (await Eventually.ValueAsync(ReadinessAsync, report => report.Status == status, patience, $"readiness is {status}")).Reasons;

    public async Task<PrometheusText> MetricsAsync() =>
        PrometheusText.Parse(await _http.GetStringAsync(new Uri("metrics", UriKind.Relative)));

    /// <summary>Waits until a metric has a value.</summary>
    public Task<double?> MetricAsync(Func<double, bool> condition, TimeSpan patience, string name, params string[] labels) =>
        Eventually.ValueAsync(
            async () => (await MetricsAsync()).Value(name, labels),
            value => value is { } number && condition(number),
            patience,
            $"{name} has the value"
        );

    public void Dispose() => _http.Dispose();

    private async Task<(HttpStatusCode Status, IReadOnlyList<string> Reasons)> ReportAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative));
        using var report = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, [.. report.RootElement.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString()!)]);
    }
}
