using System.Text.Json;
using Darq.Protos;
using Xunit;

namespace Darq.Tests.Contract.DaprCases;

/// <summary>
/// The cases of Dapr's conformance suite for bindings, by their names there. The engine has no bindings, so they run on the socket
/// alone; the binding has no operations get, list and delete.
/// </summary>
[Collection(SharedComponent.Name)]
public sealed class BindingOnSocketTests(ComponentFixture fixture)
{
    [Fact]
    public async Task Init_and_ping()
    {
        using var binding = await InitAsync(fixture.Name("topic"));
        await binding.Client.CallAsync("InputBinding/Ping", new PingRequest(), PingResponse.Parser);
        await binding.Client.CallAsync("OutputBinding/Ping", new PingRequest(), PingResponse.Parser);
    }

    [Fact]
    public async Task Operations()
    {
        using var binding = await InitAsync(fixture.Name("topic"));

        var listed = await binding.Client.CallAsync(
            "OutputBinding/ListOperations",
            new ListOperationsRequest(),
            ListOperationsResponse.Parser
        );

        Assert.Contains("create", listed.Operations);
    }

    [Fact]
    public async Task Create_and_verify_read()
    {
        // The suite's data is a list of events, and its handler answers nothing at all.
        const string Data = """[{"id":"1","eventType":"test","subject":"conformance","data":{"message":"hello"},"dataVersion":"1.0"}]""";
        using var binding = await InitAsync(fixture.Name("topic"), ("emptyAnswer", "ack"));
        binding.Open();

        await binding.InvokeAsync("create", Data);

        var read = await binding.NextAsync();
        Assert.Equal(Data, DataOf(read));
        await binding.AnswerAsync(read.MessageId, "");
        Assert.True(await binding.IsQuietAsync(TimeSpan.FromMilliseconds(500)));
    }

    [Fact]
    public async Task Close()
    {
        var topic = fixture.Name("topic");
        using var binding = await InitAsync(topic);
        binding.Open();
        binding.Close();

        await binding.InvokeAsync("create", "1");

        using var next = await InitAsync(topic);
        next.Open();
        Assert.Equal("1", DataOf(await next.NextAsync()));
    }

    /// <summary>What was created: the data of the event that it was made into.</summary>
    private static string DataOf(ReadResponse read)
    {
        using var created = JsonDocument.Parse(read.Data.Memory);
        return created.RootElement.GetProperty("data").GetRawText();
    }

    private Task<BindingClient> InitAsync(string topic, params (string Key, string Value)[] metadata) =>
        BindingClient.InitAsync(fixture, [("topic", topic), .. metadata]);
}
