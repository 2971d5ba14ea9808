using System.Globalization;
using Darq.Protos;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract.DaprCases;

/// <summary>The cases of pub/sub through the component's socket, on a real Redis.</summary>
[Collection(SharedComponent.Name)]
public sealed class PubSubOnSocketTests(ComponentFixture fixture) : PubSubConformance
{
    [Fact]
    public async Task Ping()
    {
        using var client = await InitAsync();
        await client.CallAsync("PubSub/Ping", new PingRequest(), PingResponse.Parser);
    }

    private protected override async Task PlayAsync(Func<IPubSubSurface, Task> play)
    {
        using var client = await InitAsync();
        await play(new Surface(client, fixture));
    }

    private async Task<ComponentClient> InitAsync()
    {
        var client = fixture.Client();
        await client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "testConsumer"), ("retryDelay", "100ms"));
        return client;
    }

    private sealed class Surface(ComponentClient client, ComponentFixture fixture) : IPubSubSurface
    {
        public string Topic(string name) => fixture.Name(name);

        public Task PublishAsync(string topic, string data, string? key = null) =>
            client.PublishAsync(topic, data, key is null ? [] : [("partitionKey", key)]);

        public async Task BulkPublishAsync(string topic, params IEnumerable<string> data)
        {
            var request = new BulkPublishRequest { Topic = topic };
            request.Entries.Add(
                data.Select(
                    (text, index) =>
                        new BulkMessageEntry
                        {
                            EntryId = index.ToString(CultureInfo.InvariantCulture),
                            Event = ByteString.CopyFromUtf8(text),
                            ContentType = "text/plain",
                        }
                )
            );
            Assert.Empty((await client.CallAsync("PubSub/BulkPublish", request, BulkPublishResponse.Parser)).FailedEntries);
        }

        public async Task<IAsyncDisposable> SubscribeAsync(string topic, Func<string, Task<bool>> handler) =>
            new Subscription(await PullClient.OpenAsync(client, topic), handler);

        public Task DelayAsync(TimeSpan time) => Task.Delay(time);
    }

    /// <summary>A stream whose messages are handled one by one, as daprd 1.16.0 to 1.18.3 do.</summary>
    private sealed class Subscription : IAsyncDisposable
    {
        private readonly PullClient _pull;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _reading;

        public Subscription(PullClient pull, Func<string, Task<bool>> handler)
        {
            _pull = pull;
            _reading = ReadAsync(handler);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _pull.Dispose();
            await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }

        private async Task ReadAsync(Func<string, Task<bool>> handler)
        {
            while (await _pull.NextAsync(_stop.Token) is { } delivery)
            {
                if (await handler(delivery.Data.ToStringUtf8()))
                {
                    await _pull.AckAsync(delivery.Id);
                }
                else
                {
                    await _pull.NackAsync(delivery.Id);
                }
            }
        }
    }
}
