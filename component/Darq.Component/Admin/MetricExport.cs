using Darq.Component.Telemetry;
using Darq.Engine.Telemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Sdk = OpenTelemetry.Sdk;

namespace Darq.Component.Admin;

/// <summary>
/// The engine's metrics by OpenTelemetry: as Prometheus text where somebody asks, and to a collector where the standard variable names one.
/// Nothing of it is made before that, because it would make the start slower, and no count is lost by it.
/// </summary>
internal sealed class MetricExport(IServiceProvider services, ILogger<MetricExport> log) : IDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string MetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";

    private readonly Lock _lock = new();

    // Under _lock.
    private MeterProvider? _scraped;
    private MeterProvider? _pushed;
    private RequestDelegate? _scrape;
    private bool _isDisposed;

    public Task ScrapeAsync(HttpContext context) => Scrape()(context);

    /// <summary>Begins to push, if a collector is named.</summary>
    public void Start()
    {
        var (all, own) = (Environment.GetEnvironmentVariable(Endpoint), Environment.GetEnvironmentVariable(MetricsEndpoint));
        if (string.IsNullOrEmpty(all) && string.IsNullOrEmpty(own))
        {
            return;
        }

        log.MetricsArePushed(string.IsNullOrEmpty(own) ? Endpoint : MetricsEndpoint);
        lock (_lock)
        {
            _pushed = Provider().AddOtlpExporter().Build();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _scraped?.Dispose();
            _pushed?.Dispose();
        }
    }

    private RequestDelegate Scrape()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_scrape is not null)
            {
                return _scrape;
            }

            _scraped = Provider().AddPrometheusExporter().Build();
            var pipeline = new ApplicationBuilder(services);
            pipeline.UseOpenTelemetryPrometheusScrapingEndpoint(_scraped, _ => true, null, null, null);
            return _scrape = pipeline.Build();
        }
    }

    private static MeterProviderBuilder Provider()
    {
        EngineMeter.Publish();
        return Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("darq").AddTelemetrySdk().AddEnvironmentVariableDetector())
            .AddMeter(EngineMeter.Name);
    }
}
