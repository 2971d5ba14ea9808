using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Darq.Tests.Unit.Steps.Json;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>The operations of a binding that are about durability, on a Redis that promises none.</summary>
[Collection(SharedComponent.Name)]
public sealed class BarrierTests(ComponentFixture fixture)
{
    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    public async Task A_barrier_without_positions_is_passed(string data)
    {
        using var binding = await BindingClient.InitAsync(fixture);

        var answer = await binding.InvokeAsync("barrier", data);

        Assert.Equal("OK", answer.GetProperty("outcome").GetString());
        Assert.False(answer.TryGetProperty("durable", out _));
    }

    [Fact]
    public async Task A_barrier_takes_the_positions_of_answers_and_deliveries()
    {
        var topic = fixture.Name("topic");
        using var binding = await BindingClient.InitAsync(fixture, ("topics", topic));
        binding.Open();
        var published = (await binding.PublishAsync(topic)).GetProperty("position").GetString();
        var delivered = (await binding.NextAsync()).Metadata["darq-position"];

        var answer = await binding.InvokeAsync("barrier", $$"""{"positions":["{{published}}","{{delivered}}"],"timeout":"5s"}""");

        Assert.Equal("OK", answer.GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task A_position_that_did_not_survive_is_rolled_back()
    {
        using var binding = await BindingClient.InitAsync(fixture);
        var kept = (await binding.PublishAsync(fixture.Name("topic"))).GetProperty("position").GetString();

        var answer = await binding.InvokeAsync("barrier", $$"""{"positions":["{{kept}}","0:1-1"]}""");

        Assert.True(StepSchema.Read("barrier-answer.schema.json").Accepts(answer), $"not as the schema says: {answer}");
        Assert.Equal("ROLLED_BACK", answer.GetProperty("outcome").GetString());
        Assert.Equal("0:1-1", Assert.Single(answer.GetProperty("positions").EnumerateArray()).GetString());
    }

    [Theory]
    [InlineData("""{"positions":["1-1"]}""", "positions[0] is the string '1-1'; accepted: a position")]
    [InlineData("""{"positions":["64:1-1"]}""", "with a partition below 64")]
    [InlineData("""{"timeout":"1h"}""", "a duration from 100ms to 1m")]
    [InlineData("""{"positions":["0:9000000000000-1"]}""", "UNAVAILABLE: position 0:9000000000000-1 is of a world-line")]
    public async Task What_a_barrier_cannot_pass_is_refused_with_the_reason(string data, string text)
    {
        using var binding = await BindingClient.InitAsync(fixture);

        var refused = await RefusalAsync(binding, "barrier", data);

        Assert.Contains(text, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("barrier")]
    [InlineData("status")]
    public async Task Neither_takes_metadata_of_ours(string operation)
    {
        using var binding = await BindingClient.InitAsync(fixture);

        var refused = await RefusalAsync(binding, operation, "", ("darq.id", "x"));

        Assert.Contains($"no such metadata with the operation {operation}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_keeps_to_its_schema_and_takes_no_data()
    {
        using var binding = await BindingClient.InitAsync(fixture);
        await binding.PublishAsync(fixture.Name("topic"));

        var answer = await binding.InvokeAsync("status", "{}");

        Assert.True(StepSchema.Read("status-answer.schema.json").Accepts(answer), $"not as the schema says: {answer}");
        Assert.NotEmpty(answer.GetProperty("watermark").EnumerateObject());
        Assert.Contains("data is given; accepted: nothing", (await RefusalAsync(binding, "status", """{"a":1}""")).Message);
    }

    private static Task<GrpcStatus> RefusalAsync(
        BindingClient binding,
        string operation,
        string data,
        params (string Key, string Value)[] metadata
    )
    {
        var request = new InvokeRequest { Operation = operation, Data = ByteString.CopyFromUtf8(data) };
        foreach (var (key, value) in metadata)
        {
            request.Metadata[key] = value;
        }

        return binding.Client.RefusalAsync("OutputBinding/Invoke", request);
    }
}
