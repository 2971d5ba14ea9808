using System.Diagnostics;
using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// Takes one message of an outbox from the internal topic. 1. Wait a second; 2. look for the row that stands for it; 3. publish it to its
/// topic; 4. delete the row. As in daprd a message whose row never comes is neither acknowledged nor given back, and is looked for without
/// end and, after a while, without a pause.
/// </summary>
internal sealed class OutboxDelivery(StateComponent store, OutboxSettings outbox, PubSubComponent source, PubSubComponent target)
    : IDelivery
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Pausing = TimeSpan.FromSeconds(10);

    public bool IsAwaitedAtStop => false;

    public async Task<string?> DeliverAsync(PullMessagesResponse message, CancellationToken cancellation)
    {
        try
        {
            using var document = GoJson.Parse(message.Data.Memory);
            // Step 1.
            await Task.Delay(Settling, cancellation);
            // Step 2.
            var row = GoTypes.Print(document.RootElement, "id");
            await FindAsync(row, cancellation);
            // Step 3.
            await target.PublishAsync(outbox.Topic, EventOf(document.RootElement), [], cancellation, source.Name);
            // Step 4.
            await store.DeleteAsync(new DeleteRequest { Key = row, Options = new() }, cancellation, source.Name);
            return null;
        }
        catch (Exception fault) when (fault is GoJsonException or GrpcCallException or OperationCanceledException)
        {
            return fault.Message;
        }
    }

    private async Task FindAsync(string row, CancellationToken cancellation)
    {
        var (watch, pause) = (Stopwatch.StartNew(), FirstPause);
        while ((await store.GetAsync(new GetRequest { Key = row }, cancellation, source.Name)).Data.IsEmpty)
        {
            if (watch.Elapsed < Pausing)
            {
                await Task.Delay(pause, cancellation);
                pause = TimeSpan.FromTicks(Math.Min(3 * pause.Ticks, LongestPause.Ticks));
            }
        }
    }

    private byte[] EventOf(JsonElement root)
    {
        var fields = new EventFields();
        foreach (var member in root.EnumerateObject())
        {
            fields.Set(member.Name, member.Value);
        }

        fields.Set("topic", outbox.Topic);
        fields.Set("pubsubname", outbox.PubSub);
        return fields.ToJson();
    }
}
