using System.Net;
using System.Text.Json;
using Darq.Component.Configuration;
using Darq.Engine.Subscriptions;
using Darq.Testing.Hosting;

namespace Darq.Testing.Apps;

/// <summary>What an app says of one of its subscriptions at <c>/dapr/subscribe</c>.</summary>
internal sealed record AppSubscription(string PubSub, string Topic, string Path, string DeadLetterTopic, SubscriptionOptions Options)
{
    /// <summary>Where its messages go that are given up: by the component, and by the sidecar.</summary>
    public IEnumerable<string> DeadLetterTopics =>
        new[] { Options.DeadLetterTopic ?? $"{Topic}.{ComponentProcess.Group}.dead", DeadLetterTopic }
            .Distinct()
            .Where(topic => topic.Length > 0);

    /// <summary>An app that has no such endpoint subscribes to nothing. Throws <see cref="DarqTestException"/>.</summary>
    public static async Task<IReadOnlyList<AppSubscription>> AskAsync(HttpClient app)
    {
        using var answer = await app.GetAsync(new Uri("/dapr/subscribe", UriKind.Relative)).ConfigureAwait(false);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return [];
        }

        if (!answer.IsSuccessStatusCode)
        {
            throw new DarqTestException(
                $"The app answers {(int)answer.StatusCode} to GET /dapr/subscribe; accepted: 200 with a list, or 404."
            );
        }

        using var list = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync().ConfigureAwait(false));
        AppSubscription[] all = [.. list.RootElement.EnumerateArray().Select(Read)];
        return all.CountBy(subscription => subscription.Topic).FirstOrDefault(topic => topic.Value > 1) is { Value: > 1, Key: var twice }
            ? throw new DarqTestException($"The app subscribes to '{twice}' twice; the test host serves one subscription to a topic.")
            : all;
    }

    private static AppSubscription Read(JsonElement item)
    {
        var topic = Text(item, "topic");
        var metadata = Member(item, "metadata") is { ValueKind: JsonValueKind.Object } map
            ? map.EnumerateObject().Select(pair => KeyValuePair.Create(pair.Name, pair.Value.ToString()))
            : [];
        var (options, errors, _) = OptionsReader.ReadSubscription(new() { Concurrent = true }, metadata);
        if (errors.Count > 0)
        {
            throw new DarqTestException($"The metadata of the subscription to '{topic}' is wrong: {string.Join("; ", errors)}.");
        }

        if (Member(Member(item, "bulkSubscribe"), "enabled") is { ValueKind: JsonValueKind.True })
        {
            throw new DarqTestException($"The subscription to '{topic}' is a bulk subscription, which the test host does not serve.");
        }

        return new(Text(item, "pubsubname"), topic, PathOf(item, topic), Text(item, "deadLetterTopic"), options);
    }

    private static string PathOf(JsonElement item, string topic)
    {
        var routes = Member(item, "routes");
        if (Member(routes, "rules") is { ValueKind: JsonValueKind.Array } rules && rules.GetArrayLength() > 0)
        {
            throw new DarqTestException($"The subscription to '{topic}' has route rules, which the test host does not serve.");
        }

        var path = Text(routes, "default") is { Length: > 0 } standard ? standard : Text(item, "route");
        return path.StartsWith('/') ? path : "/" + path;
    }

    private static string Text(JsonElement? item, string name) => Member(item, name) is { } member ? member.ToString() : "";

    // Go ignores the case of names, and so does a sidecar.
    private static JsonElement? Member(JsonElement? item, string name) =>
        item is { ValueKind: JsonValueKind.Object } map
            ? map.EnumerateObject()
                .Where(member => member.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(member => (JsonElement?)member.Value)
                .FirstOrDefault()
            : null;
}
