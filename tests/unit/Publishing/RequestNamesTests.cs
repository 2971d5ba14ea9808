using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Xunit;

namespace Darq.Tests.Unit.Publishing;

public sealed class RequestNamesTests
{
    [Theory]
    [InlineData("DARQ.ID", "darq.id")]
    [InlineData("partitionkey", "partitionKey")]
    [InlineData("PartitionKey", "partitionKey")]
    [InlineData("TTLInSeconds", "ttlInSeconds")]
    public void A_name_is_known_in_any_case(string given, string meant)
    {
        var read = RequestNames.Publish.Read(new Dictionary<string, string> { [given] = "7", ["own"] = "x" });

        Assert.Equal(("7", "x", 2), (read[meant], read["own"], read.Count));
    }

    [Fact]
    public void A_name_in_two_spellings_with_different_values_is_refused() =>
        Refused(RequestNames.Publish, ErrorCode.Invalid, "darq.id is given twice", ("darq.id", "1"), ("Darq.Id", "2"));

    [Fact]
    public void What_stood_beside_a_value_may_come_back_with_it()
    {
        var shown = new Dictionary<string, string> { ["darq-durable"] = "true", ["darq-position"] = "1:2-3" };

        Assert.Same(shown, RequestNames.Value.Read(shown));
        Assert.Same(shown, RequestNames.Operation.Read(shown));
        Refused(RequestNames.Value, ErrorCode.Invalid, "metadata darq-token is not a name of", ("darq-token", "x"));
        Refused(RequestNames.Transaction, ErrorCode.Invalid, "metadata darq-durable is not a name of", ("darq-durable", "true"));
    }

    [Theory]
    [InlineData("darq.tokn", "darq.token")]
    [InlineData("darq.emitt", "darq.emit")]
    [InlineData("Darq-Token", "darq.token")]
    [InlineData("darq_token", "darq.token")]
    [InlineData("darqtoken", "darq.token")]
    [InlineData("darq-id", "darq.id")]
    [InlineData("darq-consume", "darq.consume")]
    [InlineData("metadata.darq-token", "darq.token")]
    public void A_misspelt_name_of_a_step_is_refused_with_the_name_that_was_meant(string given, string meant) =>
        Refused(
            RequestNames.Transaction,
            ErrorCode.Invalid,
            $"metadata {given} is not a name of a state transaction; did you mean {meant}?",
            (given, "x")
        );

    [Theory]
    [InlineData("darq.ident", "darq.id")]
    [InlineData("partition-key", "partitionKey")]
    [InlineData("partitonKey", "partitionKey")]
    [InlineData("ttl_in_seconds", "ttlInSeconds")]
    [InlineData("raw-payload", "rawPayload")]
    public void A_misspelt_name_of_a_publish_is_refused_with_the_name_that_was_meant(string given, string meant) =>
        Refused(
            RequestNames.Publish,
            ErrorCode.Invalid,
            $"metadata {given} is not a name of a publish; did you mean {meant}?",
            (given, "x")
        );

    [Theory]
    [InlineData("darq.token")]
    [InlineData("darq.emit")]
    [InlineData("Darq.Consume")]
    public void A_name_of_steps_is_refused_in_a_publish(string given) =>
        Refused(RequestNames.Publish, ErrorCode.Invalid, "belongs to a step", (given, "x"));

    [Theory]
    [InlineData("darq.token")]
    [InlineData("darq.id")]
    [InlineData("DARQ.EMIT")]
    public void A_name_of_steps_is_refused_in_a_single_operation_on_state(string given) =>
        Refused(RequestNames.Value, ErrorCode.Invalid, "belongs to the metadata of a state transaction as a whole", (given, "x"));

    [Fact]
    public void An_operation_has_the_level_of_its_transaction() =>
        Refused(
            RequestNames.Operation,
            ErrorCode.Invalid,
            "belongs to the metadata of a state transaction as a whole",
            ("darq.ack", "durable")
        );

    [Fact]
    public void A_single_operation_on_state_takes_a_level() =>
        Assert.Equal("durable", RequestNames.Value.Read(new Dictionary<string, string> { ["Darq.Ack"] = "durable" })["darq.ack"]);

    [Theory]
    [InlineData("darq-token")]
    [InlineData("darq.tokn")]
    public void A_misspelt_token_is_refused_in_extend(string given) =>
        Refused(
            RequestNames.Extend,
            ErrorCode.Invalid,
            $"metadata {given} is not a name of the operation extend; did you mean darq.token?",
            (given, "x")
        );

    [Theory]
    [InlineData("darq.token", "token")]
    [InlineData("Darq-Token", "token")]
    [InlineData("metadata.darq-token", "token")]
    [InlineData("darq_Emit", "emit")]
    [InlineData("darq.", "")]
    [InlineData("darq", null)]
    [InlineData("darqs", null)]
    [InlineData("metadata.tenant", null)]
    [InlineData("token", null)]
    public void A_name_of_ours_is_known_in_any_form(string given, string? name) => Assert.Equal(name, RequestNames.NameOfOurs(given));

    [Theory]
    [InlineData("delay")]
    [InlineData("Delay")]
    [InlineData("DeliverAt")]
    [InlineData("darq.producer")]
    public void A_name_of_a_later_version_is_refused_as_such(string given) =>
        Refused(RequestNames.Publish, ErrorCode.NotYet, "is not available yet", (given, "5s"));

    [Theory]
    [InlineData("darq-token")]
    [InlineData("Darq-Attempt")]
    [InlineData("metadata.darq-id")]
    [InlineData("darq-dead-reason")]
    [InlineData("pubsubName")]
    [InlineData("content-type")]
    [InlineData("traceparent")]
    [InlineData("tenant")]
    [InlineData("key")]
    [InlineData("ttlInHours")]
    public void Headers_of_a_delivery_and_names_of_apps_pass_in_a_publish(string given)
    {
        var metadata = new Dictionary<string, string> { [given] = "x" };

        Assert.Same(metadata, RequestNames.Publish.Read(metadata));
        Assert.Same(metadata, RequestNames.Publish.Read(metadata));
    }

    [Fact]
    public void What_is_remembered_of_names_is_bounded()
    {
        var names = RememberedBy(RequestNames.Value);
        for (var i = 0; i < 3000; i++)
        {
            RequestNames.Value.Read(new Dictionary<string, string> { [$"own{i}"] = "x", [new string('y', 1000) + i] = "x" });
        }

        Assert.InRange(names.Count, 1, 1024);
        Assert.All(names.Keys, name => Assert.InRange(name.Length, 1, 128));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_harmless")]
    private static extern ref ConcurrentDictionary<string, bool> RememberedBy(RequestNames names);

    private static void Refused(RequestNames names, ErrorCode code, string text, params (string Name, string Value)[] metadata)
    {
        var refused = Assert.Throws<DarqException>(() => names.Read(metadata.ToDictionary(entry => entry.Name, entry => entry.Value)));
        Assert.Equal(code, refused.Code);
        Assert.Contains(text, refused.Message, StringComparison.Ordinal);
    }
}
