using System.Globalization;
using System.Text;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;
using Google.Protobuf;

namespace Darq.Sidecar.Apps;

/// <summary>An app that is called over HTTP.</summary>
internal sealed class HttpApp(AppPort port, HttpChannel channel) : IApp
{
    public async Task WaitUntilUpAsync(CancellationToken cancellation)
    {
        await port.WaitAsync(cancellation);
        await channel.AskAsync(HttpMethod.Get, "/dapr/config", cancellation);
    }

    public Task<IReadOnlyList<SubscriptionManifest>> SubscriptionsAsync(CancellationToken cancellation) =>
        HttpSubscriptions.AskAsync(channel, cancellation);

    public async Task<bool> WantsAsync(InputBindingComponent binding, CancellationToken cancellation)
    {
        var answer = await channel.AskAsync(HttpMethod.Options, "/" + binding.Route.TrimStart('/'), cancellation);
        return answer.IsSuccess || answer.Status == 405;
    }

    public async Task<Verdict> TakeAsync(ReceivedEvent received, string path, CancellationToken cancellation)
    {
        var answer = await channel.PostAsync(
            path,
            received.Body,
            ContentTypes.CloudEvent,
            received.Metadata,
            TraceParent.IsValid(received.TraceParent) ? TraceParent.Next(received.TraceParent) : null,
            received.TraceState,
            cancellation
        );
        return HttpVerdicts.Of(answer, received);
    }

    public async Task<IReadOnlyList<Verdict>> TakeAsync(EventBulk bulk, CancellationToken cancellation)
    {
        var answer = await channel.PostAsync(bulk.Path, HttpBulk.Write(bulk), ContentTypes.Json, bulk.Metadata, null, null, cancellation);
        return HttpVerdicts.Of(answer, bulk);
    }

    public async Task<BindingAnswer> TakeAsync(InputBindingComponent binding, ReadResponse message, CancellationToken cancellation)
    {
        if (WrongLength(message) is { } complaint)
        {
            return BindingAnswer.Failed($"error invoking app: Post \"{channel.Url(binding.Route)}\": {complaint}");
        }

        var answer = await channel.PostAsync(
            binding.Route,
            message.Data.Memory,
            ContentTypes.Json,
            message.Metadata,
            TraceParent.Next(message.Metadata.GetValueOrDefault("traceparent")),
            message.Metadata.GetValueOrDefault("tracestate"),
            cancellation
        );
        if (answer.Failure is { } failure)
        {
            return BindingAnswer.Failed("error invoking app: " + failure);
        }

        return answer.IsSuccess
            ? new(UnsafeByteOperations.UnsafeWrap(answer.Body))
            : BindingAnswer.Failed(
                $"fails to send binding event to http app channel, status code: {answer.Status} body: {Encoding.UTF8.GetString(answer.Body)}"
            );
    }

    public void Dispose() => channel.Dispose();

    // Unlike a topic's, a binding's metadata may name a length, and Go's client then holds the body to it.
    private static string? WrongLength(ReadResponse message)
    {
        foreach (var (key, value) in message.Metadata)
        {
            if (
                key.Equals("content-length", StringComparison.OrdinalIgnoreCase)
                && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                && length != message.Data.Length
            )
            {
                return $"http: ContentLength={length} with Body length {message.Data.Length}";
            }
        }

        return null;
    }
}
