using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Contract.DaprCases;
using Darq.Tests.Simulation.Fixtures;

namespace Darq.Tests.Simulation.DaprCases;

/// <summary>The cases of pub/sub at the engine's surface, on the simulator's model of Redis.</summary>
public sealed class PubSubOnSimulationTests : PubSubConformance
{
    private protected override Task PlayAsync(Func<IPubSubSurface, Task> play)
    {
        using var world = new World();
        var engine = world.Start(new NamespaceOptions { Name = "sim", Partitions = 4 });
        return Task.FromResult(
            engine.Ask(async () =>
            {
                await play(new Surface(engine));
                return true;
            })
        );
    }

    private sealed class Surface(SimulatedEngine engine) : IPubSubSurface
    {
        public string Topic(string name) => name;

        public async Task PublishAsync(string topic, string data, string? key = null)
        {
            Dictionary<string, string> metadata = key is null ? [] : new() { ["partitionKey"] = key };
            await engine.Publisher.PublishAsync(topic, [new(Encoding.UTF8.GetBytes(data), metadata)], CancellationToken.None);
        }

        public async Task BulkPublishAsync(string topic, params IEnumerable<string> data)
        {
            var entries = data.Select(text => new PublishEntry(Encoding.UTF8.GetBytes(text), new Dictionary<string, string>()));
            await engine.Publisher.PublishAsync(topic, [.. entries], CancellationToken.None);
        }

        public Task<IAsyncDisposable> SubscribeAsync(string topic, Func<string, Task<bool>> handler)
        {
            var app = new App(handler);
            app.Stream = engine.Subscriptions.Attach("testConsumer", topic, new() { RetryDelay = TimeSpan.FromMilliseconds(100) }, app);
            return Task.FromResult<IAsyncDisposable>(app.Stream);
        }

        public Task DelayAsync(TimeSpan time) => Task.Delay(time, engine.Clock);
    }

    /// <summary>An app behind a sidecar that hands every message over at once.</summary>
    private sealed class App(Func<string, Task<bool>> handler) : IDeliverySink
    {
        public DeliveryStream Stream { get; set; } = null!;

        public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
        {
            _ = HandleAsync(delivery);
            return ValueTask.CompletedTask;
        }

        private async Task HandleAsync(Delivery delivery)
        {
            if (await handler(Encoding.UTF8.GetString(delivery.Message.Data.Span)))
            {
                Stream.Ack(delivery.Token);
            }
            else
            {
                Stream.Nack(delivery.Token);
            }
        }
    }
}
