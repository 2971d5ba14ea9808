using System.Diagnostics.Metrics;

namespace Darq.Engine.Telemetry;

/// <summary>The meter <c>Darq</c>, to which all metrics of the engine belong.</summary>
internal static class EngineMeter
{
    public static readonly Meter Instance = new("Darq");
}
