using System.Text.Json.Nodes;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract.Recordings;

[Trait("Lane", "Slow")]
public sealed class ConcurrentDispatchTests
{
    [Fact]
    public async Task Stand_in_told_to_be_concurrent_hands_over_every_message_before_the_first_is_answered()
    {
        Assert.SkipWhen(Sidecar.IsReal, "how a real daprd (DAPRD) hands messages over depends on its version");
        var lines = await Play.RunAsync(Scenario.Load("deliver-http-serial"), concurrent: true);
        var deliveries = lines.Where(line => (string?)line["call"] == "POST /orders").Select(line => (string?)line["to"]);
        Assert.Equal(["app", "app", "app", "sidecar", "sidecar", "sidecar"], deliveries);
    }

    [Fact]
    public async Task Stand_in_told_to_be_concurrent_gathers_bulks()
    {
        Assert.SkipWhen(Sidecar.IsReal, "how a real daprd (DAPRD) hands messages over depends on its version");
        var scenario = Scenario.Load("deliver-http-bulk", "daprd-concurrent");
        var lines = await Play.RunAsync(scenario, concurrent: true);
        Assert.Equal("", Difference.Between(InOrder(scenario.Recorded), InOrder(lines), scenario));
    }

    // Which message of a bulk is its first, and which is answered first, is chance.
    private static IEnumerable<JsonObject> InOrder(IEnumerable<JsonObject> lines) =>
        lines.Select(WithEntriesInOrder).OrderBy(line => (string?)line["message"]?["ack_message_id"] ?? "", StringComparer.Ordinal);

    private static JsonObject WithEntriesInOrder(JsonObject line)
    {
        if ((string?)line["to"] != "app" || (string?)line["call"] != "POST /orders")
        {
            return line;
        }

        var envelope = JsonNode.Parse((string)line["body"]!)!;
        var entries = envelope["entries"]!.AsArray().OrderBy(entry => (string?)entry!["event"]!["id"], StringComparer.Ordinal);
        envelope["entries"] = new JsonArray([.. entries.Select(entry => entry!.DeepClone())]);
        var result = (JsonObject)line.DeepClone();
        result["body"] = envelope.ToJsonString();
        return result;
    }
}
