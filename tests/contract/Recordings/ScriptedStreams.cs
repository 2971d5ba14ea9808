using System.Text.Json.Nodes;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Darq.Tests.Contract.Recordings;

/// <summary>A stream as a sidecar opened it, and how the scenario wants it to begin.</summary>
internal sealed record OpenedStream(string Call, MethodDescriptor Method, JsonObject Headers, TimeSpan Delay, RpcException? Error)
{
    public bool IsBinding => Call.EndsWith("/Read", StringComparison.Ordinal);

    public string? Instance => (string?)Headers["x-component-instance"];
}

/// <summary>The open streams of a scripted component by name: a topic, or a binding's instance.</summary>
internal sealed class ScriptedStreams(Transcript transcript)
{
    private static readonly TimeSpan PushTimeout = TimeSpan.FromSeconds(20);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ChannelWriter<JsonObject>> _open = [];

    public async Task PushAsync(string stream, IEnumerable<JsonObject> messages)
    {
        var channel = await FindAsync(stream);
        foreach (var message in messages)
        {
            channel.TryWrite(message);
        }
    }

    public async Task EndAsync(string stream) => (await FindAsync(stream)).TryComplete();

    public void Clear()
    {
        lock (_lock)
        {
            _open.Clear();
        }
    }

    public async Task ServeAsync(
        OpenedStream stream,
        IAsyncStreamReader<byte[]> reader,
        IServerStreamWriter<byte[]> writer,
        ServerCallContext call
    )
    {
        var queue = Channel.CreateUnbounded<JsonObject>();
        var name = new StreamName(stream.IsBinding ? stream.Instance : null);
        SayOpened(stream);
        if (name.Value is { } instance)
        {
            Register(instance, queue.Writer);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken);
        var listening = ListenAsync(stream, name, reader, queue.Writer, over.Token);
        try
        {
            await Task.Delay(stream.Delay, call.CancellationToken);
            if (stream.Error is { } error)
            {
                throw error;
            }

            await SendAsync(stream, name, queue.Reader, writer, call.CancellationToken);
        }
        finally
        {
            await over.CancelAsync();
            await listening;
            transcript.Say("sidecar", "component", stream.Call, ("closed", true), ("stream", name.Value ?? "?"));
        }
    }

    private void SayOpened(OpenedStream stream)
    {
        if (stream.IsBinding)
        {
            transcript.Say("sidecar", "component", stream.Call, ("opened", true), ("headers", stream.Headers), ("stream", stream.Instance));
        }
        else
        {
            transcript.Say("sidecar", "component", stream.Call, ("opened", true), ("headers", stream.Headers));
        }
    }

    private async Task ListenAsync(
        OpenedStream stream,
        StreamName name,
        IAsyncStreamReader<byte[]> reader,
        ChannelWriter<JsonObject> queue,
        CancellationToken over
    )
    {
        try
        {
            while (await reader.MoveNext(over))
            {
                var message = MessageJson.Of(stream.Method.InputType.Parser.ParseFrom(reader.Current));
                if (name.Value is null && (string?)message["topic"]?["name"] is { } topic)
                {
                    name.Value = topic;
                    Register(topic, queue);
                }
                transcript.Say("sidecar", "component", stream.Call, ("stream", name.Value ?? "?"), ("message", message));
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or RpcException or IOException or InvalidOperationException)
        {
            // The stream is over; whoever runs it says so.
        }
    }

    private async Task SendAsync(
        OpenedStream stream,
        StreamName name,
        ChannelReader<JsonObject> queue,
        IServerStreamWriter<byte[]> writer,
        CancellationToken cancelled
    )
    {
        await foreach (var message in queue.ReadAllAsync(cancelled))
        {
            if ((int?)message["fail"] is { } code)
            {
                throw new RpcException(new((StatusCode)code, "failed"));
            }

            transcript.Say("component", "sidecar", stream.Call, ("stream", name.Value ?? "?"), ("message", message.DeepClone()));
            var bytes = (string?)message["bytes"] is { } raw
                ? Convert.FromBase64String(raw)
                : MessageJson.Parse(stream.Method.OutputType, message).ToByteArray();
            await writer.WriteAsync(bytes, cancelled);
        }
    }

    private void Register(string name, ChannelWriter<JsonObject> queue)
    {
        lock (_lock)
        {
            _open[name] = queue;
        }
    }

    private async Task<ChannelWriter<JsonObject>> FindAsync(string stream)
    {
        ChannelWriter<JsonObject>? found = null;
        await Shared.Eventually.TrueAsync(
            () =>
            {
                lock (_lock)
                {
                    return _open.TryGetValue(stream, out found);
                }
            },
            PushTimeout,
            $"the sidecar opens the stream {stream}"
        );
        return found!;
    }

    /// <summary>The name of a stream, known from the start or from its first message on.</summary>
    private sealed class StreamName(string? value)
    {
        public string? Value { get; set; } = value;
    }
}
