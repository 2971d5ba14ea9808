using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Testing.Apps;
using Darq.Testing.Messages;

namespace Darq.Testing.Hosting;

/// <summary>A delivery as a sidecar posts it to an app: the event, and the message's metadata as headers.</summary>
internal sealed class AppRequest
{
    private readonly string _path;
    private readonly List<KeyValuePair<string, string>> _headers = [];

    public AppRequest(AppSubscription subscription, Delivery delivery, CloudEvents events)
    {
        var envelope = new Envelope();
        envelope.Fill(delivery);
        byte[] data = [.. envelope.DataHead, .. envelope.DataTail];
        _path = subscription.Path;
        _headers.AddRange(envelope.OfPublisher);
        for (var i = 0; i < Envelope.HeaderCount; i++)
        {
            _headers.Add(new(Encoding.ASCII.GetString(Envelope.Header(i)), Encoding.ASCII.GetString(envelope.Value(i))));
        }

        _headers.Add(new("pubsubName", subscription.PubSub));
        Metadata = envelope.OfPublisher.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
        Body = subscription.Options.RawPayload ? events.WrapRaw(subscription.PubSub, subscription.Topic, data) : data;
    }

    public byte[] Body { get; }

    /// <summary>Of the publisher.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Posts it; what the app throws is an answer of the kind that a server makes of it.</summary>
    public async Task<Verdict> PostAsync(AppProcess process, long number)
    {
        var delivery = number.ToString(CultureInfo.InvariantCulture);
        var verdict = await PostAsync(process, delivery).ConfigureAwait(false);
        return verdict.With(process.TakeFailure(delivery));
    }

    private async Task<Verdict> PostAsync(AppProcess process, string delivery)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_path, UriKind.Relative));
            request.Content = new ByteArrayContent(Body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json");
            foreach (var (name, value) in _headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            request.Headers.Add(DeliveryContext.Header, delivery);
            if (process.ApiToken is { } token)
            {
                request.Headers.TryAddWithoutValidation("dapr-api-token", token);
            }

            using var answer = await process.Client.SendAsync(request).ConfigureAwait(false);
            return await Verdict.OfAsync(answer).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            return Verdict.Of(thrown);
        }
    }
}
