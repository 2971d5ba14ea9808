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
}
