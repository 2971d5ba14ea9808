using Darq.Protos;
using Google.Protobuf.Reflection;

namespace Darq.Tests.Contract.Recordings;

/// <summary>The services of a component, and their methods by the names that the recordings use.</summary>
internal static class ComponentMethods
{
    private const string Prefix = "dapr.proto.components.v1.";
    private const string Query = "QueriableStateStore";

    private static readonly ServiceDescriptor[] All =
    [
        .. new[] { PubsubReflection.Descriptor, StateReflection.Descriptor, BindingsReflection.Descriptor }.SelectMany(file =>
            file.Services
        ),
    ];

    private static readonly Dictionary<string, MethodDescriptor> ByName = All.SelectMany(service => service.Methods).ToDictionary(NameOf);

    /// <summary>What a component serves: all but the query API.</summary>
    public static IReadOnlyList<ServiceDescriptor> Services { get; } = [.. All.Where(service => service.Name != Query)];

    public static string NameOf(MethodDescriptor method) => $"{method.Service.FullName[Prefix.Length..]}/{method.Name}";

    /// <summary>The method that a recorded line calls; the query API, which the recorder did not know, has its whole name there.</summary>
    public static MethodDescriptor Of(string call) =>
        ByName[call.StartsWith(Prefix, StringComparison.Ordinal) ? call[Prefix.Length..] : call];
}
