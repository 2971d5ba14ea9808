using System.Diagnostics.Metrics;
using Darq.Engine.Telemetry;

namespace Darq.Tests.Unit.Telemetry;

internal sealed record ObservedMeasurement(string Name, double Value, IReadOnlyDictionary<string, string> Labels);

/// <summary>Reads the engine's metrics of one namespace, because tests run side by side in one process.</summary>
internal sealed class ObservedMetrics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<ObservedMeasurement> _measured = [];
    private readonly string _namespace;

    public ObservedMetrics(string @namespace)
    {
        _namespace = @namespace;
        EngineMeter.Publish();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == EngineMeter.Name)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.Start();
    }

    public IReadOnlyList<ObservedMeasurement> Read()
    {
        _measured.Clear();
        _listener.RecordObservableInstruments();
        return [.. _measured];
    }

    /// <summary>The value of a metric; null where there is none. Labels beside the namespace are given as <c>name=value</c>.</summary>
    public double? Value(string name, params string[] labels)
    {
        var found = Read().Where(measured => measured.Name == name && labels.All(label => Has(measured, label))).ToArray();
        return found.Length switch
        {
            0 => null,
            1 => found[0].Value,
            _ => throw new InvalidOperationException($"{name} has {found.Length} measurements with these labels."),
        };
    }

    public void Dispose() => _listener.Dispose();

    private static bool Has(ObservedMeasurement measured, string label) =>
        label.Split('=') is [var name, var value] && measured.Labels.TryGetValue(name, out var actual) && actual == value;

    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new Dictionary<string, string>();
        foreach (var (name, text) in tags)
        {
            labels[name] = (string)text!;
        }

        if (labels.GetValueOrDefault("namespace") == _namespace)
        {
            _measured.Add(new(instrument.Name, value, labels));
        }
    }
}
