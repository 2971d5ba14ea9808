using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Darq.Tests.Sdk.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Telemetry;

/// <summary>The spans and measurements of a delivery. Other tests run beside these, so each looks at a topic of its own.</summary>
public sealed class TelemetryTests : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ConcurrentQueue<(string Instrument, string? Topic, string? Outcome, double Value)> _measurements = new();
    private readonly ActivityListener _activities;
    private readonly MeterListener _meter = new();

    public TelemetryTests()
    {
        _activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == DarqTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_activities);
        _meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == DarqTelemetry.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meter.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _meter.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _meter.Start();
    }

    [Fact]
    public async Task A_delivery_is_one_span_and_one_duration_whatever_its_runs()
    {
        await using var app = await TestApp.StartAsync(
            app => app.MapStep("seen-twice", (int _, Step _) => { }),
            builder => builder.Services.AddDarq(options => options.ConflictTimeout = TimeSpan.FromSeconds(10))
        );
        app.Sidecar.TransactionFailures.Enqueue(FakeSidecar.Conflict);

        await app.DeliverAsync("/darq/seen-twice", 1, ("darq-attempt", "2"));

        var span = _spans.Single(span => span.DisplayName == "step seen-twice");
        Assert.Equal(
            (ActivityKind.Consumer, "m-1", 2, "applied"),
            (span.Kind, span.GetTagItem("messaging.message.id"), span.GetTagItem("darq.attempt"), span.GetTagItem("darq.outcome"))
        );
        Assert.Equal(
            [("darq.step.duration", "applied"), ("darq.step.reruns", null)],
            Measured("seen-twice").Select(found => (found.Instrument, found.Outcome))
        );
        Assert.All(Measured("seen-twice"), found => Assert.True(found.Value > 0));
    }

    [Fact]
    public async Task A_handler_that_throws_is_an_error_of_its_kind()
    {
        await using var app = await TestApp.StartAsync(app =>
            app.MapStep("seen-failing", (int _, Step _) => throw new InvalidOperationException("secret"))
        );

        await app.DeliverAsync("/darq/seen-failing", 1);

        var span = _spans.Single(span => span.DisplayName == "step seen-failing");
        Assert.Equal((ActivityStatusCode.Error, "InvalidOperationException"), (span.Status, span.StatusDescription));
        Assert.Equal("handler-failed", Measured("seen-failing").Single().Outcome);
    }

    public void Dispose()
    {
        _activities.Dispose();
        _meter.Dispose();
    }

    private IEnumerable<(string Instrument, string? Topic, string? Outcome, double Value)> Measured(string topic) =>
        _measurements.Where(found => found.Topic == topic).OrderBy(found => found.Instrument, StringComparer.Ordinal);

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? topic = null,
            outcome = null;
        foreach (var (name, tag) in tags)
        {
            topic = name == "topic" ? (string?)tag : topic;
            outcome = name == "outcome" ? (string?)tag : outcome;
        }

        _measurements.Enqueue((instrument.Name, topic, outcome, value));
    }
}
