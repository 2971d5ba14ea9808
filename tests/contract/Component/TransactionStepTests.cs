using Darq.Protos;
using Darq.Tests.Shared;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>
/// A state transaction as a step: its answer has no body, so every outcome but the good ones is the first word of an error's text.
/// </summary>
[Collection(SharedComponent.Name)]
public sealed class TransactionStepTests(ComponentFixture fixture)
{
    private const string Marker = "app||darq-step";

    [Fact]
    public async Task A_step_without_state_consumes_and_emits_and_its_reserved_key_is_never_stored()
    {
        var (inbox, receipts) = (fixture.Name("topic"), fixture.Name("topic"));
        using var binding = await InitAsync(("topics", $"{inbox},{receipts}"));
        var token = await binding.TokenAsync(inbox);

        Assert.Equal(
            "",
            await StepAsync(binding, Marker, ("darq.token", token), ("darq.emit", $$"""[{"topic":"{{receipts}}","data":1}]"""))
        );

        Assert.Contains("\"data\":1", (await binding.NextAsync()).Data.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Null(await binding.StoredAsync(Marker));
        Assert.Equal("DUPLICATE", await binding.OutcomeAsync($$"""{"consume":["{{token}}"]}"""));
    }

    [Fact]
    public async Task A_step_may_only_consume_one_message_or_several()
    {
        var topic = fixture.Name("topic");
        using var binding = await InitAsync(("topic", topic));
        var (one, two, three) = (await binding.TokenAsync(topic), await binding.TokenAsync(topic), await binding.TokenAsync(topic));

        Assert.Equal("", await StepAsync(binding, Marker, ("darq.token", one)));
        Assert.Equal("", await StepAsync(binding, Marker, ("darq.consume", $"[\"{two}\",\"{three}\"]")));

        // Another session could only be fenced from what is not done with.
        Assert.All(
            [await OfOtherAsync(binding, one), await OfOtherAsync(binding, two), await OfOtherAsync(binding, three)],
            outcome => Assert.NotEqual("FENCED", outcome)
        );
    }

    [Fact]
    public async Task A_repeated_step_is_fine_and_takes_effect_once()
    {
        var (topic, key) = (fixture.Name("topic"), $"app||{fixture.Name("key")}");
        using var binding = await InitAsync(("topic", topic));
        var token = await binding.TokenAsync(topic);

        Assert.Equal("", await StepAsync(binding, key, ("darq.token", token)));
        var etag = await binding.ETagAsync(key);
        Assert.Equal("", await StepAsync(binding, key, ("darq.token", token)));
        Assert.Equal("", await StepAsync(binding, key, ("darq.id", key)));
        Assert.Equal("", await StepAsync(binding, key, ("darq.id", key)));

        Assert.NotEqual(etag, await binding.ETagAsync(key));
    }

    [Fact]
    public async Task Each_refusal_begins_with_its_outcome_and_changes_nothing()
    {
        var (topic, full, key) = (fixture.Name("topic"), fixture.Name("topic"), $"app||{fixture.Name("key")}");
        using var binding = await InitAsync(("topic", topic));
        await binding.Client.InitStateAsync(("redisHost", fixture.Redis.Host), ("maxBacklog", "1"), ("crossPartitionSteps", "refuse"));
        var foreign = "x" + await binding.TokenAsync(topic, ("partitionKey", key));
        var emit = $$"""{"topic":"{{full}}","data":1}""";

        Assert.Equal("FENCED", await StepAsync(binding, Marker, ("darq.token", foreign)));
        Assert.Equal(
            "CROSS_PARTITION",
            await StepAsync(
                binding,
                key,
                ("darq.id", fixture.Name("id")),
                (
                    "darq.emit",
                    $$"""[{"topic":"{{full}}","data":1,"key":"a"},{"topic":"{{full}}","data":1,"key":"b"},{"topic":"{{full}}","data":1,"key":"c"}]"""
                )
            )
        );
        var id = ("darq.id", key);
        Assert.Equal("FULL", await StepAsync(binding, key, id, ("darq.emit", $"[{emit},{emit}]")));
        Assert.Equal("TOO_LARGE", await StepAsync(binding, key, id, ("darq.emit", $"[{string.Join(',', Enumerable.Repeat(emit, 1025))}]")));
        Assert.Equal("INVALID", await StepAsync(binding, key, ("darq.emit", $"[{emit}]")));
        Assert.Equal("INVALID", await StepAsync(binding, key, ("darq.emit", "[]")));
        Assert.Equal("INVALID", await StepAsync(binding, Marker));
        Assert.Equal("INVALID", await StepAsync(binding, key, ("darq.reads", """[{"key":"k","etag":""}]""")));
        Assert.Equal("INVALID", await StepAsync(binding, key, id, ("darq.token", foreign)));
        Assert.Equal("INVALID", await StepAsync(binding, key, id, ("darq.reads", """[{"key":"k"}]""")));
        Assert.Equal("INVALID", await StepAsync(binding, key, ("darq-token", foreign)));
        Assert.Equal("INVALID", await StepAsync(binding, key, ("darq.emit", "[{}]")));
        Assert.Equal("INVALID", await StepAsync(binding, key, ("darq.token", "none")));
        Assert.Equal("INVALID", await StepAsync(binding, key, ("darq.ack", "soon")));
        Assert.Equal("NOT_YET", await StepAsync(binding, key, ("darq.step", "token;1")));
        Assert.Null(await binding.StoredAsync(key));
        Assert.Equal("", await StepAsync(binding, key, ("darq.ack", "speculative")));
        Assert.Equal("CONFLICT", await StepAsync(binding, key, firstWrite: true));
    }

    [Fact]
    public async Task Keys_that_a_step_relies_on_are_named_as_the_app_names_them_and_must_not_have_changed()
    {
        var (topic, key, read) = (fixture.Name("topic"), $"app||{fixture.Name("key")}", fixture.Name("key"));
        using var binding = await InitAsync(("topic", topic));
        Assert.Equal("", await StepAsync(binding, $"app||{read}"));
        var etag = await binding.ETagAsync($"app||{read}");
        var reads = ("darq.reads", $$"""[{"key":"{{read}}","etag":"{{etag}}"}]""");
        Assert.Equal("", await StepAsync(binding, key, ("darq.token", await binding.TokenAsync(topic)), reads));

        Assert.Equal("", await StepAsync(binding, $"app||{read}"));

        Assert.Equal("CONFLICT", await StepAsync(binding, key, ("darq.token", await binding.TokenAsync(topic)), reads));
    }

    [Fact]
    public async Task A_message_that_was_acknowledged_is_stale()
    {
        var topic = fixture.Name("topic");
        using var binding = await InitAsync(("topic", topic));
        var token = await binding.TokenAsync(topic);
        await binding.AnswerAsync(token);

        await Eventually.TrueAsync(
            async () => await StepAsync(binding, Marker, ("darq.token", "x" + token)) == "STALE",
            TimeSpan.FromSeconds(10),
            "the message was acked"
        );
    }

    [Fact]
    public async Task A_token_of_another_namespace_is_not_taken_for_one_that_is_out_of_date()
    {
        var (topic, elsewhere) = (fixture.Name("topic"), fixture.Name("namespace"));
        using var binding = await InitAsync(("topic", topic));
        var token = await binding.TokenAsync(topic);
        using var other = fixture.Client();
        await other.InitStateAsync(("redisHost", fixture.Redis.Host), ("namespace", elsewhere));

        var step = new TransactionalStateRequest
        {
            Operations = { new TransactionalStateOperation { Delete = new DeleteRequest { Key = Marker } } },
            Metadata = { ["darq.token"] = token },
        };
        var refused = await other.RefusalAsync("TransactionalStateStore/Transact", step);

        Assert.Equal(
            $"MISCONFIGURED: the token is of a delivery in namespace 'darq' of Redis at {fixture.Redis.Host}, and this step in namespace "
                + $"'{elsewhere}' of Redis at {fixture.Redis.Host}; give the components of one step the same redisHost, redisDB and namespace.",
            refused.Message
        );
        Assert.Equal("", await StepAsync(binding, Marker, ("darq.token", token)));
    }

    /// <summary>The first word of the refusal; "" where it was fine.</summary>
    private static Task<string> StepAsync(BindingClient binding, string key, params (string Key, string Value)[] metadata) =>
        StepAsync(binding, key, false, metadata);

    private static async Task<string> StepAsync(
        BindingClient binding,
        string key,
        bool firstWrite,
        params (string Key, string Value)[] metadata
    )
    {
        var set = new SetRequest { Key = key, Value = ByteString.CopyFromUtf8("1") };
        if (firstWrite)
        {
            set.Options = new StateOptions { Concurrency = StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite };
        }

        var request = new TransactionalStateRequest { Operations = { new TransactionalStateOperation { Set = set } } };
        foreach (var (name, value) in metadata)
        {
            request.Metadata[name] = value;
        }

        var status = await binding.Client.RefusalAsync("TransactionalStateStore/Transact", request);
        return status.Code == GrpcCode.OK ? "" : status.Message.Split(':')[0];
    }

    private static Task<string> OfOtherAsync(BindingClient binding, string token) =>
        StepAsync(binding, Marker, ("darq.token", "x" + token));

    private async Task<BindingClient> InitAsync(params (string Key, string Value)[] metadata)
    {
        var binding = await BindingClient.InitAsync(fixture, metadata);
        await binding.Client.InitStateAsync(("redisHost", fixture.Redis.Host));
        binding.Open();
        return binding;
    }
}
