using Dapr;
using Dapr.Client;
using Darq.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

/// <summary>What sidecar and component refuse, or read in another way than it is written, the test host does as well.</summary>
public sealed class RefusedRequestsTests
{
    [Fact]
    public async Task Key_with_the_separator_of_the_sidecar_is_refused()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        var dapr = darq.Services.GetRequiredService<DaprClient>();

        Func<Task>[] calls =
        [
            () => dapr.SaveStateAsync("store", "a||b", 1),
            () => dapr.GetStateAsync<int>("store", "a||b"),
            () => dapr.GetBulkStateAsync("store", ["a||b"], 1),
            () => dapr.DeleteStateAsync("store", "a||b"),
            () => dapr.ExecuteStateTransactionAsync("store", [new("a||b", [1], StateOperationType.Upsert)]),
        ];

        foreach (var call in calls)
        {
            var refused = (RpcException)(await Assert.ThrowsAsync<DaprException>(call)).InnerException!;
            Assert.Equal(
                (StatusCode.InvalidArgument, "input key/keyPrefix 'a||b' can't contain '||'"),
                (refused.StatusCode, refused.Status.Detail)
            );
        }

        Assert.Throws<DarqTestException>(() => darq.State.Set("a||b", 1));
    }

    [Fact]
    public async Task Item_without_a_key_is_refused()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        var dapr = darq.Services.GetRequiredService<DaprClient>();

        var refused = await Assert.ThrowsAsync<DaprException>(() => dapr.SaveBulkStateAsync("store", [new SaveStateItem<int>("", 1, "")]));

        Assert.Equal("state key cannot be empty", ((RpcException)refused.InnerException!).Status.Detail);
    }

    [Fact]
    public async Task Metadata_of_state_counts_in_any_case_and_is_checked_at_reads_too()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        var dapr = darq.Services.GetRequiredService<DaprClient>();
        var firstWrite = new Dictionary<string, string> { ["Concurrency"] = "First-Write" };

        await dapr.SaveStateAsync("store", "a", 1, metadata: firstWrite);
        await Assert.ThrowsAsync<DaprException>(() => dapr.SaveStateAsync("store", "a", 2, metadata: firstWrite));
        var misplaced = new Dictionary<string, string> { ["darq.token"] = "t" };
        await Assert.ThrowsAsync<DaprException>(() => dapr.GetStateAsync<int>("store", "a", metadata: misplaced));
        await Assert.ThrowsAsync<DaprException>(() => dapr.GetBulkStateAsync("store", ["a"], 1, misplaced));

        Assert.Equal(1, darq.State.Get<int>("a"));
    }

    [Theory]
    [InlineData("topic")]
    [InlineData("TOPIC")]
    public async Task Binding_publishes_text_as_a_JSON_string(string topic)
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();

        await PublishAsync(darq, "hello"u8.ToArray(), new() { [topic] = "notes" });

        Assert.Equal(["hello"], darq.Emitted<string>("notes"));
    }

    [Theory]
    [InlineData("publish", "RawPayload", "true", "")]
    [InlineData("publish", "darq.id", "", "1 to 1,024 bytes of UTF-8")]
    [InlineData("publish", "darq.consume", "[]", "it belongs to a step")]
    [InlineData("step", "darq.token", "t", "put it into the step's JSON, in the list consume")]
    [InlineData("extend", "darq.token", "t", "the token of the delivery that needs more time, from its header darq-token")]
    public async Task Binding_reads_metadata_as_the_component_does(string operation, string name, string value, string why)
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();

        var call = () => PublishAsync(darq, "hello"u8.ToArray(), new() { ["topic"] = "notes", [name] = value }, operation);

        if (why.Length == 0)
        {
            await call();
            return;
        }

        Assert.Contains(why, (await Assert.ThrowsAsync<DaprException>(call)).InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Binding_refuses_data_that_is_no_text()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();

        var refused = await Assert.ThrowsAsync<DaprException>(() => PublishAsync(darq, [0xff], new() { ["topic"] = "notes" }));

        Assert.Contains("INVALID: data is neither JSON nor text", refused.InnerException!.Message, StringComparison.Ordinal);
    }

    private static Task<BindingResponse> PublishAsync(
        DarqTestHost darq,
        byte[] data,
        Dictionary<string, string> metadata,
        string operation = "publish"
    )
    {
        var request = new BindingRequest("bank", operation) { Data = data };
        foreach (var (name, value) in metadata)
        {
            request.Metadata[name] = value;
        }

        return darq.Services.GetRequiredService<DaprClient>().InvokeBindingAsync(request);
    }
}
