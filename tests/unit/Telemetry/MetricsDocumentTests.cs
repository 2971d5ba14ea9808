using System.Diagnostics.Metrics;
using Darq.Engine.Telemetry;
using Darq.Tests.Unit.Code;
using Xunit;

namespace Darq.Tests.Unit.Telemetry;

/// <summary>docs/metrics.md lists what the code exports.</summary>
public sealed class MetricsDocumentTests
{
    private static IEnumerable<string[]> Documented =>
        SourceTree
            .File("docs/metrics.md")
            .Lines.Where(line => line.StartsWith("| `darq.", StringComparison.Ordinal))
            .Select(line => line.Split('|').Select(cell => cell.Trim()).ToArray())
            .Where(cells => cells.Length == 7);

    [Fact]
    public void The_table_of_metrics_is_that_of_the_code() =>
        Assert.Equal(
            Instruments().Select(Row).Order(StringComparer.Ordinal),
            Documented.Select(cells => $"{cells[1]} | {cells[2]} | {cells[3]} | {cells[5]}").Order(StringComparer.Ordinal)
        );

    [Fact]
    public void The_labels_of_the_table_are_those_of_the_code()
    {
        Touch();
        var documented = Documented.ToDictionary(cells => cells[1].Trim('`'), cells => cells[4]);

        foreach (var (name, labels) in ObservedLabels())
        {
            Assert.Equal((name, documented[name]), (name, labels));
        }
    }

    [Fact]
    public void Every_reason_stands_in_the_document()
    {
        var text = SourceTree.File("docs/metrics.md").Text;

        Assert.All(
            [
                .. CounterReasons.BatchFailures,
                .. CounterReasons.DeliveryFailures,
                .. CounterReasons.GiveUps,
                .. CounterReasons.StepOutcomes,
            ],
            reason => Assert.Contains($"`{reason}`", text, StringComparison.Ordinal)
        );
    }

    private static List<Instrument> Instruments()
    {
        List<Instrument> found = [];
        EngineMeter.Publish();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == EngineMeter.Name)
            {
                found.Add(instrument);
            }
        };
        listener.Start();
        return found;
    }

    private static string Row(Instrument instrument)
    {
        var kind = instrument is ObservableCounter<long> ? "counter" : "gauge";
        return $"`{instrument.Name}` | {kind} | {instrument.Unit} | {instrument.Description}";
    }

    /// <summary>One of each kind of counters, so that each counter has a measurement.</summary>
    private static void Touch()
    {
        EngineCounters.Namespaces.Of("metrics-document");
        EngineCounters.Topics.Of("metrics-document", topic: "t");
        EngineCounters.Subscriptions.Of("metrics-document", "g", "t");
        LoopMetrics.Of("loop of MetricsDocumentTests", new("metrics-document", "g", "t"));
    }

    private static Dictionary<string, string> ObservedLabels()
    {
        Dictionary<string, string> labels = [];
        using var metrics = new ObservedMetrics("metrics-document");
        foreach (var measurement in metrics.Read())
        {
            labels[measurement.Name] = string.Join(", ", measurement.Labels.Keys);
        }

        return labels;
    }
}
