using Darq.Component.Configuration;

namespace Darq.Component.Instances;

/// <summary>A stream that a sidecar had or wanted and does not have now, and will not open again by itself.</summary>
internal sealed record LostStream(ComponentService Service, string Instance, string Topic, string Why);
