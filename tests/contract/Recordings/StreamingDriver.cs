using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;

namespace Darq.Tests.Contract.Recordings;

/// <summary>The driver's streaming subscriptions by name: what it sends on them, and what it hears until they end.</summary>
internal sealed class StreamingDriver(GrpcDriver driver, Transcript transcript) : IAsyncDisposable
{
    private const string Call = "SubscribeTopicEventsAlpha1";
    private static readonly MethodDescriptor Method = GrpcDriver.MethodOf(Call);
    private readonly Dictionary<string, Subscription> _open = [];

    /// <summary>Opens a subscription; rules for <c>event</c> answer by themselves.</summary>
    public Task SubscribeAsync(string name, JsonObject step)
    {
        var channel = driver.Open();
        var call = channel
            .CreateCallInvoker()
            .AsyncDuplexStreamingCall(
                ScriptedGrpc.Method(MethodType.DuplexStreaming, Method),
                null,
                new(GrpcDriver.HeadersOf(step["metadata"] as JsonObject ?? []))
            );
        var subscription = new Subscription(channel, call);
        var first = step["first"] as JsonObject ?? new() { ["initial_request"] = step["initial"]!.DeepClone() };
        var rules = new AnswerRules((step["rules"] as JsonArray ?? []).Select(rule => rule!.AsObject()));
        _open[name] = subscription;
        var sending = SendAsync(name, first);
        subscription.Listening = ListenAsync(name, subscription, rules);
        return sending;
    }

    public async Task SendAsync(string name, JsonObject message)
    {
        var subscription = _open[name];
        transcript.Say("driver", "sidecar", Call, ("stream", name), ("message", message.DeepClone()));
        await subscription.Writing.WaitAsync();
        try
        {
            await subscription.Call.RequestStream.WriteAsync(MessageJson.Parse(Method.InputType, message).ToByteArray());
        }
        catch (Exception fault) when (fault is RpcException or InvalidOperationException)
        {
            // The call is over, which whoever listens says.
        }
        finally
        {
            subscription.Writing.Release();
        }
    }

    /// <summary>Closes the driver's half of the stream ("half"), or cancels the call.</summary>
    public async Task UnsubscribeAsync(string name, string how)
    {
        var subscription = _open[name];
        transcript.Say("driver", "sidecar", Call, ("stream", name), ("closed", how));
        if (how == "half")
        {
            await subscription.Call.RequestStream.CompleteAsync();
        }
        else
        {
            subscription.IsCancelled = true;
            subscription.Call.Dispose();
        }
    }

    /// <summary>Waits for the ends of all streams, once the sidecar has ended.</summary>
    public Task EndAsync() => Task.WhenAll(_open.Values.Select(subscription => subscription.Listening));

    public async ValueTask DisposeAsync()
    {
        foreach (var subscription in _open.Values)
        {
            subscription.Call.Dispose();
            await subscription.Listening;
            subscription.Channel.Dispose();
            subscription.Writing.Dispose();
        }
    }

    private async Task ListenAsync(string name, Subscription subscription, AnswerRules rules)
    {
        try
        {
            await foreach (var bytes in subscription.Call.ResponseStream.ReadAllAsync())
            {
                var message = MessageJson.Of(Method.OutputType.Parser.ParseFrom(bytes));
                transcript.Say("sidecar", "driver", Call, ("stream", name), ("message", message));
                if (message["event_message"] is JsonObject && rules.Find("event", message) is { } rule)
                {
                    await AnswerAsync(name, message, rule);
                }
            }

            transcript.Say("sidecar", "driver", Call, ("stream", name), ("ended", true));
        }
        catch (RpcException fault)
        {
            var error = GrpcDriver.ErrorOf(fault);
            // Of a stream, the recordings have no more than this.
            error.Remove("details");
            if (subscription.IsCancelled)
            {
                error["message"] = "Locally cancelled by application!";
            }

            transcript.Say("sidecar", "driver", Call, ("stream", name), ("error", error));
        }
    }

    private async Task AnswerAsync(string name, JsonObject message, JsonObject rule)
    {
        await Task.Delay(AnswerRules.DelayOf(rule));
        await SendAsync(
            name,
            new()
            {
                ["event_processed"] = new JsonObject
                {
                    ["id"] = (string?)message["event_message"]!["id"] ?? "",
                    ["status"] = rule["reply"]?.DeepClone() ?? new JsonObject(),
                },
            }
        );
    }

    private sealed record Subscription(GrpcChannel Channel, AsyncDuplexStreamingCall<byte[], byte[]> Call)
    {
        public SemaphoreSlim Writing { get; } = new(1, 1);

        public Task Listening { get; set; } = Task.CompletedTask;

        public bool IsCancelled { get; set; }
    }
}
