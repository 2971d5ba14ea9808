using System.Text.Json;
using Darq.Engine.Steps;
using Xunit;

namespace Darq.Tests.Unit.Steps;

public sealed class EmittedEventTests
{
    [Fact]
    public void A_message_is_wrapped_as_the_event_the_sidecar_would_have_made()
    {
        var emit = new StepEmit { Topic = "receipts", Data = """{"n": 1, "t": "\u00e4"}"""u8.ToArray() };

        using var json = JsonDocument.Parse(
            EmittedEvent.Wrap(emit, "r\"1", "ledger", new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero))
        );

        string? Field(string name) => json.RootElement.GetProperty(name).GetString();
        Assert.Equal(("r\"1", "ledger", "receipts", "1.0"), (Field("id"), Field("source"), Field("topic"), Field("specversion")));
        Assert.Equal(
            ("application/json", "com.dapr.event.sent", "2030-01-02T03:04:05Z"),
            (Field("datacontenttype"), Field("type"), Field("time"))
        );
        Assert.Equal("""{"n": 1, "t": "\u00e4"}""", json.RootElement.GetProperty("data").GetRawText());
    }
}
