using Darq.Component.Configuration;

namespace Darq.Component.Instances;

/// <summary>What a call names: instances of one sidecar differ in it.</summary>
internal readonly record struct InstanceKey(ComponentService Service, string Name);
