using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Xunit;

namespace Darq.Tests.Unit.Publishing;

public sealed class EventIdentityTests
{
    private const string Event = """{"specversion":"1.0","id":"1","source":"app","data":{"id":"inner","n":1}}""";
    private const string OtherBytes = """{"specversion":"1.0","id":"1","source":"app","data":{"id":"inner","n":2}}""";

    [Fact]
    public void The_same_event_is_known_again() => Assert.Equal(Of(Event), Of(Event));

    [Fact]
    public void Other_bytes_under_the_same_id_are_another_event() => Assert.NotEqual(Of(Event), Of(OtherBytes));

    [Fact]
    public void By_cloudevent_other_bytes_under_the_same_id_are_the_same_event() =>
        Assert.Equal(Of(Event, DedupBy.CloudEvent), Of(OtherBytes, DedupBy.CloudEvent));

    [Theory]
    [InlineData("""{"specversion":"1.0","id":"2","source":"app"}""")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"other"}""")]
    [InlineData("""{"specversion":"1.0","id":"1app","source":""}""")]
    public void Another_id_or_source_is_another_event(string json) =>
        Assert.NotEqual(Of(Event, DedupBy.CloudEvent), Of(json, DedupBy.CloudEvent));

    [Fact]
    public void The_order_of_fields_does_not_matter_by_cloudevent() =>
        Assert.Equal(Of(Event, DedupBy.CloudEvent), Of("""{"data":1,"source":"app","id":"1","specversion":"1.0"}""", DedupBy.CloudEvent));

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("[1]")]
    [InlineData("\"id\"")]
    [InlineData("{}")]
    [InlineData("""{"specversion":"1.0","source":"app","data":{"id":"inner"}}""")]
    [InlineData("""{"specversion":"1.0","source":"app","id":1}""")]
    [InlineData("""{"specversion":"1.0","source":"app","id":""}""")]
    [InlineData("""{"specversion":"1.0","source":"app","id":"1" """)]
    public void What_is_no_event_with_an_id_has_none(string text) => Assert.Null(Of(text));

    [Theory]
    [InlineData("""{"id":"sensor-7","on":true}""")]
    [InlineData("""{"id":"sensor-7","source":"hall"}""")]
    public void An_apps_own_object_with_an_id_is_no_event_so_that_its_repetitions_are_messages(string text) => Assert.Null(Of(text));

    [Theory]
    [InlineData("""{"specversion":"1.0","source":"app","id":"\ud800"}""")]
    [InlineData("""{"specversion":"1.0","source":"\udc00","id":"1"}""")]
    public void An_id_that_is_no_text_is_none(string text) => Assert.Null(Of(text));

    [Fact]
    public void A_name_that_is_no_text_harms_nothing() => Assert.Null(Of("""{"specversion":"1.0","source":"app","\ud800d":"1"}"""));

    [Fact]
    public void An_id_of_broken_bytes_is_none()
    {
        byte[] data = [.. "{\"specversion\":\"1.0\",\"source\":\"app\",\"id\":\""u8, 0xff, 0xfe, .. "\"}"u8];

        Assert.Null(EventIdentity.OfRequest([Entry(data)]));
        Assert.Null(EventIdentity.Of(data));
    }

    [Fact]
    public void A_request_is_known_again_by_all_its_messages_in_their_order()
    {
        Assert.Equal(OfRequest(Event, "plain"), OfRequest(Event, "plain"));
        Assert.NotEqual(OfRequest(Event, "plain"), OfRequest("plain", Event));
        Assert.NotEqual(OfRequest(Event, "plain"), OfRequest(Event));
        Assert.NotEqual(OfRequest(Event, "plain", "er"), OfRequest(Event, "plainer", ""));
    }

    [Fact]
    public void One_event_among_its_messages_makes_a_request_recognisable()
    {
        Assert.NotNull(OfRequest("plain", Event));
        Assert.Null(OfRequest("plain", "plain"));
    }

    private static string? Of(string json, DedupBy dedupBy = DedupBy.Content) =>
        dedupBy == DedupBy.Content ? OfRequest(json) : EventIdentity.Of(Encoding.UTF8.GetBytes(json));

    private static string? OfRequest(params string[] messages) =>
        EventIdentity.OfRequest([.. messages.Select(text => Entry(Encoding.UTF8.GetBytes(text)))]);

    private static PublishEntry Entry(byte[] data) => new(data, new Dictionary<string, string>());
}
