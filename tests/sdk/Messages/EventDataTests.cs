using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Darq.AspNetCore.Messages;
using Darq.Steps;
using Xunit;

namespace Darq.Tests.Sdk.Messages;

/// <summary>What a handler is given of a message, whole or unwrapped by UseCloudEvents.</summary>
public sealed class EventDataTests
{
    private const string Event = "application/cloudevents+json";

    private static readonly PayloadJson Json = new(
        new(JsonSerializerDefaults.Web) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() }
    );

    [Theory]
    [InlineData("""{"specversion":"1.0","data":{"a":1}}""", Event)]
    [InlineData("""{"specversion":"1.0","datacontenttype":"application/json","data":{"a":1}}""", Event + "; charset=utf-8")]
    [InlineData("""{"specversion":"1.0","datacontenttype":"application/octet-stream","data_base64":"eyJhIjoxfQ=="}""", Event)]
    [InlineData("""{"a":1}""", "application/json")]
    [InlineData("""{"a":1}""", "application/vnd.order+json; charset=utf-8")]
    [InlineData("""{"a":1}""", null)]
    public void An_object_is_read_of_every_form(string body, string? contentType) =>
        Assert.Equal(new Order(1), Read<Order>(body, contentType));

    [Theory]
    [InlineData("""{"specversion":"1.0","datacontenttype":"text/plain","data":"\"a\""}""", Event, "\"a\"")]
    [InlineData("""{"specversion":"1.0","data":"a"}""", Event, "a")]
    [InlineData("\"a\"", "application/json", "a")]
    [InlineData("\"a\"", "text/plain", "\"a\"")]
    public void Text_keeps_its_quotes_only_where_they_are_its_own(string body, string contentType, string text) =>
        Assert.Equal(text, Read<string>(body, contentType));

    [Theory]
    [InlineData("""{"specversion":"1.0","datacontenttype":"application/octet-stream","data_base64":"AP8="}""", Event)]
    [InlineData("\"AP8=\"", "application/json")]
    public void Bytes_come_as_they_were_published(string body, string contentType) =>
        Assert.Equal(new byte[] { 0, 255 }, Read<byte[]>(body, contentType));

    [Theory]
    [InlineData("nonsense", Event, "it is called a CloudEvent and is no JSON")]
    [InlineData("""{"data": nsecret}""", Event, "it is called a CloudEvent and is no JSON")]
    [InlineData("[]", Event, "it is called a CloudEvent and is no JSON object")]
    [InlineData("""{"data_base64":"?"}""", Event, "its data_base64 is no Base64")]
    [InlineData("""{"specversion":"1.0"}""", Event, "it has no data")]
    [InlineData("""{"data":null}""", Event, "its data is null")]
    [InlineData(
        """{"data":{"a":"secret"}}""",
        Event,
        "its data has not the form of Darq.Tests.Sdk.Messages.EventDataTests+Order, at $.a in line 1"
    )]
    [InlineData("", "application/json", "it has no data")]
    public void What_cannot_be_read_is_said_without_the_data(string body, string contentType, string why)
    {
        var unfit = Assert.Throws<UnfitMessageException>(() => Read<Order>(body, contentType));

        Assert.Equal(why, unfit.Message);
        Assert.DoesNotContain("secret", unfit.ToString(), StringComparison.Ordinal);
    }

    private static T Read<T>(string body, string? contentType) =>
        new MessageReader<T>(Json).Read(EventData.Of(Encoding.UTF8.GetBytes(body), contentType));

    internal sealed record Order(int A);
}
