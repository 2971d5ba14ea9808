using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Darq.Tests.Contract.Replays;

/// <summary>
/// The recorded sidecar's connection for one of its components, and the headers of a call on it. The instance may come twice, the wrong
/// one first.
/// </summary>
internal sealed record ReplayedConnection(SocketChannel Channel, string Instance, string Group, Metadata Headers);

/// <summary>
/// One connection for each component of the recorded sidecar, as it has them. An Init opens a new one, which is what a hot reload does.
/// </summary>
internal sealed class ReplayedConnections(string socket) : IDisposable
{
    private const string InstanceHeader = "x-component-instance";

    private readonly Dictionary<(string Kind, string Instance), Sent> _components = [];
    private readonly List<SocketChannel> _replaced = [];

    /// <summary>What was sent as each component's newest Init.</summary>
    public IEnumerable<(string Instance, MethodDescriptor Method, IMessage Request)> Inits =>
        [
            .. from entry in _components
            where entry.Value.Init is not null
            select (entry.Key.Instance, entry.Value.Init!.Value.Method, entry.Value.Init.Value.Request),
        ];

    /// <summary>The connection of a call: of the last instance in its header.</summary>
    public ReplayedConnection Of(MethodDescriptor method, string? header)
    {
        var instances = (header ?? "").Split(", ");
        var sent = Of(method.Service.Name, instances[^1]);
        var headers = new Metadata();
        foreach (var instance in instances)
        {
            headers.Add(InstanceHeader, instance);
        }

        return new(sent.Channel, instances[^1], sent.Group, headers);
    }

    public ReplayedConnection Reopen(MethodDescriptor method, string instance, IMessage init, string group)
    {
        var sent = Of(method.Service.Name, instance);
        _replaced.Add(sent.Channel);
        (sent.Channel, sent.Init, sent.Group) = (new(socket), (method, init), group);
        return Of(method, instance);
    }

    public void Dispose()
    {
        foreach (var channel in _replaced.Concat(_components.Values.Select(sent => sent.Channel)))
        {
            channel.Dispose();
        }
    }

    private Sent Of(string service, string instance)
    {
        // A state store's services share a connection; the two sides of a binding do not.
        var kind =
            service.Contains("State", StringComparison.Ordinal) || service.Contains("Store", StringComparison.Ordinal) ? "State" : service;
        if (!_components.TryGetValue((kind, instance), out var sent))
        {
            _components[(kind, instance)] = sent = new(new(socket));
        }

        return sent;
    }

    private sealed class Sent(SocketChannel channel)
    {
        public SocketChannel Channel { get; set; } = channel;

        public string Group { get; set; } = "shop";

        public (MethodDescriptor Method, IMessage Request)? Init { get; set; }
    }
}
