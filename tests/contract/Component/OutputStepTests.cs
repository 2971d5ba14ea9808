using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>The operation <c>step</c> of the output binding: every outcome is a good answer in the form of the schema.</summary>
[Collection(SharedComponent.Name)]
public sealed class OutputStepTests(ComponentFixture fixture)
{
    [Fact]
    public async Task The_operation_is_listed()
    {
        using var binding = await InitAsync();
        var listed = await binding.Client.CallAsync(
            "OutputBinding/ListOperations",
            new ListOperationsRequest(),
            ListOperationsResponse.Parser
        );
        Assert.Equal(["publish", "create", "step", "extend", "barrier", "status"], listed.Operations);
    }

    [Fact]
    public async Task A_step_consumes_writes_under_the_keys_of_the_state_API_and_emits()
    {
        var (inbox, receipts, key) = (fixture.Name("topic"), fixture.Name("topic"), fixture.Name("key"));
        using var binding = await InitAsync(("topics", $"{inbox},{receipts}"));
        binding.Open();
        var token = await binding.TokenAsync(inbox);

        var answer = await binding.StepAsync(
            $$"""{"consume":["{{token}}"],"state":[{"op":"upsert","key":"{{key}}","value":{"n": 1} }],"emit":[{"topic":"{{receipts}}","data":[7]}]}"""
        );

        Assert.Equal("OK", answer.GetProperty("outcome").GetString());
        Assert.False(answer.TryGetProperty("durable", out _));
        Assert.NotEmpty(answer.GetProperty("position").GetString()!);
        Assert.False(Assert.Single(answer.GetProperty("emitted").EnumerateArray()).GetProperty("duplicate").GetBoolean());
        Assert.Equal("""{"n": 1}""", await binding.StoredAsync($"app||{key}"));
        var receipt = (await binding.NextAsync()).Data.ToStringUtf8();
        Assert.Contains("\"data\":[7]", receipt, StringComparison.Ordinal);
        Assert.Contains("\"source\":\"app\"", receipt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeated_step_is_answered_with_the_first_result()
    {
        var (topic, key) = (fixture.Name("topic"), fixture.Name("key"));
        using var binding = await InitAsync(("topic", topic));
        binding.Open();
        var token = await binding.TokenAsync(topic);
        string Step(int value) =>
            $$"""{"consume":["{{token}}"],"state":[{"op":"upsert","key":"{{key}}","value":{{value}}}],"emit":[{"topic":"{{topic}}-out","data":1}]}""";

        var (first, second) = (await binding.StepAsync(Step(1)), await binding.StepAsync(Step(2)));

        Assert.Equal("DUPLICATE", second.GetProperty("outcome").GetString());
        Assert.Equal(first.GetProperty("position").GetString(), second.GetProperty("position").GetString());
        Assert.Equal(first.GetProperty("emitted").GetRawText(), second.GetProperty("emitted").GetRawText());
        Assert.Equal("1", await binding.StoredAsync($"app||{key}"));
    }

    [Fact]
    public async Task A_spontaneous_step_takes_effect_once_by_its_id()
    {
        var key = fixture.Name("key");
        using var binding = await InitAsync();
        string Step(int value) => $$"""{"id":"open-{{key}}","state":[{"op":"upsert","key":"{{key}}","value":{{value}}}]}""";

        Assert.Equal(["OK", "DUPLICATE"], new[] { await binding.OutcomeAsync(Step(1)), await binding.OutcomeAsync(Step(2)) });
        Assert.Equal("1", await binding.StoredAsync($"app||{key}"));
    }

    [Fact]
    public async Task A_token_of_another_session_is_fenced_and_a_message_that_was_answered_is_stale()
    {
        var (topic, key) = (fixture.Name("topic"), fixture.Name("key"));
        using var binding = await InitAsync(("topic", topic));
        binding.Open();
        var token = await binding.TokenAsync(topic);
        string Step(string text) => $$"""{"consume":["{{text}}"],"state":[{"op":"upsert","key":"{{key}}","value":1}]}""";

        Assert.Equal("FENCED", await binding.OutcomeAsync(Step("other" + token[token.IndexOf(':', StringComparison.Ordinal)..])));
        await binding.AnswerAsync(token);
        await Darq.Tests.Shared.Eventually.TrueAsync(
            async () => await binding.OutcomeAsync(Step("other" + token[token.IndexOf(':', StringComparison.Ordinal)..])) == "STALE",
            TimeSpan.FromSeconds(10),
            "the message was acked"
        );
        Assert.Null(await binding.StoredAsync($"app||{key}"));
    }

    [Fact]
    public async Task A_conflict_names_the_keys_as_the_step_does()
    {
        var (one, two, three) = (fixture.Name("key"), fixture.Name("key"), fixture.Name("key"));
        using var binding = await InitAsync();
        await binding.StepAsync($$"""{"state":[{"op":"upsert","key":"{{one}}","value":1},{"op":"upsert","key":"{{two}}","value":1}]}""");

        var answer = await binding.StepAsync(
            $$"""
            {"reads":[{"key":"{{one}}","etag":"1-1"},{"key":"{{three}}","etag":""}],
             "state":[{"op":"upsert","key":"{{two}}","value":2,"concurrency":"first-write"},{"op":"upsert","key":"{{three}}","value":2}]}
            """
        );

        Assert.Equal("CONFLICT", answer.GetProperty("outcome").GetString());
        Assert.Equal([one, two], answer.GetProperty("conflicts").EnumerateArray().Select(key => key.GetString()));
        Assert.Null(await binding.StoredAsync($"app||{three}"));
    }

    [Fact]
    public async Task A_key_that_was_only_read_must_still_be_as_it_was()
    {
        var (limit, account) = (fixture.Name("key"), fixture.Name("key"));
        using var binding = await InitAsync();
        Task<string> WriteLimitAsync() => binding.OutcomeAsync($$"""{"state":[{"op":"upsert","key":"{{limit}}","value":100}]}""");
        await WriteLimitAsync();
        var step =
            $$"""{"reads":[{"key":"{{limit}}","etag":"{{await binding.ETagAsync($"app||{limit}")}}"}],"state":[{"op":"upsert","key":"{{account}}","value":1}]}""";

        Assert.Equal("OK", await binding.OutcomeAsync(step));
        await WriteLimitAsync();
        Assert.Equal("CONFLICT", await binding.OutcomeAsync(step));
        Assert.Equal("CONFLICT", await binding.OutcomeAsync($$"""{"reads":[{"key":"{{limit}}","etag":null}]}"""));
    }

    [Fact]
    public async Task Too_large_a_full_topic_and_forbidden_partitions_are_outcomes()
    {
        var topic = fixture.Name("topic");
        using var binding = await InitAsync(("maxBacklog", "1"), ("crossPartitionSteps", "refuse"));
        var emit = $$"""{"topic":"{{topic}}","data":1,"key":"k"}""";

        Assert.Equal("TOO_LARGE", await binding.OutcomeAsync($$"""{"emit":[{{string.Join(',', Enumerable.Repeat(emit, 1025))}}]}"""));
        Assert.Equal(
            "TOO_LARGE",
            await binding.OutcomeAsync($$"""{"state":[{"op":"upsert","key":"k","value":"{{new string('x', 4_100_000)}}"}]}""")
        );
        Assert.Equal("FULL", await binding.OutcomeAsync($$"""{"emit":[{{emit}},{{emit}}]}"""));
        Assert.Equal(
            "CROSS_PARTITION",
            await binding.OutcomeAsync(
                """{"state":[{"op":"delete","key":"a{1}"},{"op":"delete","key":"a{2}"},{"op":"delete","key":"a{3}"}]}"""
            )
        );
        Assert.Equal(
            "OK",
            await binding.OutcomeAsync(
                """{"state":[{"op":"delete","key":"a{1}"},{"op":"delete","key":"b{1}"},{"op":"delete","key":"c{1}"}]}"""
            )
        );
    }

    [Theory]
    [InlineData("""{"state":[{"op":"upsert","key":"k"}]}""", "INVALID: state[0].value is missing; ")]
    [InlineData("""{"stat":[]}""", "INVALID: stat ")]
    [InlineData("null", "INVALID: step ")]
    [InlineData("", "INVALID: step ")]
    public async Task A_faulty_step_is_an_error_of_the_call_that_begins_with_the_word_and_names_the_field(string json, string text)
    {
        using var binding = await InitAsync();
        var refused = await binding.RefusalAsync(json);
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.StartsWith(text, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_later_is_refused_as_not_yet()
    {
        using var binding = await InitAsync();
        foreach (var json in new[] { """{"timers":[]}""", """{"emit":[{"topic":"t","data":1,"delay":"5s"}]}""" })
        {
            Assert.Equal(GrpcCode.Unimplemented, (await binding.RefusalAsync(json)).Code);
        }
    }

    [Fact]
    public async Task Metadata_that_belongs_into_the_step_is_refused_instead_of_lost()
    {
        using var binding = await InitAsync();
        var refused = await binding.RefusalAsync("{}", ("darq.token", "x"));
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.Contains("darq.token", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_appID_a_step_with_keys_is_refused_with_the_setting_and_keyPrefix_none_means_the_bare_key()
    {
        var key = fixture.Name("key");
        var step = $$"""{"state":[{"op":"upsert","key":"{{key}}","value":1}]}""";
        using var without = await InitAsync(("appID", ""));
        using var bare = await InitAsync(("appID", ""), ("keyPrefix", "none"));
        using var own = await InitAsync(("keyPrefix", "shared"));

        var refused = await without.RefusalAsync(step);
        Assert.Equal(GrpcCode.FailedPrecondition, refused.Code);
        Assert.Contains("appID: \"{appID}\"", refused.Message, StringComparison.Ordinal);
        Assert.Equal("OK", await without.OutcomeAsync("""{"emit":[]}"""));
        Assert.Equal(["OK", "OK"], new[] { await bare.OutcomeAsync(step), await own.OutcomeAsync(step) });
        Assert.Equal(("1", "1"), (await bare.StoredAsync(key), await own.StoredAsync($"shared||{key}")));
    }

    private async Task<BindingClient> InitAsync(params (string Key, string Value)[] metadata)
    {
        var binding = await BindingClient.InitAsync(fixture, metadata);
        await binding.Client.InitStateAsync(("redisHost", fixture.Redis.Host));
        return binding;
    }
}
