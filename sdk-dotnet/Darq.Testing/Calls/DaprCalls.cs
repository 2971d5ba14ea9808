using Dapr.Client.Autogen.Grpc.v1;
using Darq.Testing.Hosting;
using Darq.Testing.Messages;
using Google.Protobuf;

namespace Darq.Testing.Calls;

/// <summary>The calls of <c>dapr.proto.runtime.v1.Dapr</c> that one simulated process answers.</summary>
internal sealed class DaprCalls
{
    private readonly Dictionary<string, Func<byte[], DaprCall>> _methods = new(StringComparer.Ordinal);

    /// <summary><paramref name="components"/> are names and types of what the sidecar says that it has.</summary>
    public DaprCalls(ComponentProcess component, CloudEvents events, Func<IEnumerable<(string Name, string Type)>> components)
    {
        var (state, publish, bindings) = (new StateCalls(component), new PublishCalls(component, events), new BindingCalls(component));
        Add("GetState", GetStateRequest.Parser, state.GetAsync, static request => request.Key, read: static request => [request.Key]);
        Add(
            "GetBulkState",
            GetBulkStateRequest.Parser,
            state.GetBulkAsync,
            static request => string.Join(", ", request.Keys),
            read: static request => request.Keys
        );
        Add("SaveState", SaveStateRequest.Parser, state.SaveAsync, static request => KeysOf(request.States));
        Add("DeleteState", DeleteStateRequest.Parser, state.DeleteAsync, static request => request.Key);
        Add("DeleteBulkState", DeleteBulkStateRequest.Parser, state.DeleteBulkAsync, static request => KeysOf(request.States));
        Add(
            "ExecuteStateTransaction",
            ExecuteStateTransactionRequest.Parser,
            state.TransactAsync,
            static request => KeysOf(request.Operations.Select(operation => operation.Request)),
            StateCalls.Consumed
        );
        Add("PublishEvent", PublishEventRequest.Parser, publish.PublishAsync, static request => request.Topic);
        Add("BulkPublishEvent", BulkPublishRequest.Parser, publish.PublishAsync, static request => request.Topic);
        Add("BulkPublishEventAlpha1", BulkPublishRequest.Parser, publish.PublishAsync, static request => request.Topic);
        Add(
            "InvokeBinding",
            InvokeBindingRequest.Parser,
            bindings.InvokeAsync,
            static request => $"{request.Operation} {BindingCalls.NameOf(request)}".TrimEnd(),
            BindingCalls.Consumed
        );
        Add("GetMetadata", GetMetadataRequest.Parser, _ => Task.FromResult<IMessage>(Metadata(components())), static _ => "");
    }

    /// <summary>A call that is read; null where there is no such method.</summary>
    public DaprCall? Find(string method, byte[] message) => _methods.TryGetValue(method, out var read) ? read(message) : null;

    private static string KeysOf(IEnumerable<StateItem> items) => string.Join(", ", items.Select(item => item.Key));

    private static GetMetadataResponse Metadata(IEnumerable<(string Name, string Type)> components) =>
        new()
        {
            Id = ComponentProcess.Group,
            RuntimeVersion = "1.18.3",
            RegisteredComponents =
            {
                components.Select(component => new RegisteredComponents
                {
                    Name = component.Name,
                    Type = component.Type,
                    Version = "v1",
                }),
            },
        };

    private void Add<T>(
        string method,
        MessageParser<T> parser,
        Func<T, Task<IMessage>> serve,
        Func<T, string> about,
        Func<T, IEnumerable<string>>? consumed = null,
        Func<T, IEnumerable<string>>? read = null
    )
        where T : IMessage<T> =>
        _methods[method] = bytes =>
        {
            var request = parser.ParseFrom(bytes);
            return new($"{method} {about(request)}".TrimEnd(), [.. consumed?.Invoke(request) ?? []], () => serve(request))
            {
                Read = [.. read?.Invoke(request) ?? []],
            };
        };
}

/// <summary>One call of the app.</summary>
/// <param name="Text">Its method and what it is about.</param>
/// <param name="Consumed">The tokens of the deliveries that it consumes as a step.</param>
/// <param name="ServeAsync">Carries it out, inside the simulated process.</param>
internal sealed record DaprCall(string Text, IReadOnlyList<string> Consumed, Func<Task<IMessage>> ServeAsync)
{
    /// <summary>The keys that it reads.</summary>
    public IReadOnlyList<string> Read { get; init; } = [];

    /// <summary>
    /// Whether it is one by which the .NET SDK finds out, once in each process, whether the store takes steps: no call of a handler.
    /// </summary>
    public bool IsProbe => Consumed is ["probe"] || Text.Contains(ProbeKey, StringComparison.Ordinal);

    /// <summary>What the keys begin with that the SDK writes for that.</summary>
    public const string ProbeKey = "darq-probe-";
}
