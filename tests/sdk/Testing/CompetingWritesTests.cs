using System.Text.Json;
using Darq.Testing;
using Darq.Tests.Sdk.App;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

/// <summary>Crash points at which another step writes what a handler has read.</summary>
public sealed class CompetingWritesTests
{
    private Payments _payments = new();

    [Theory]
    [InlineData("parcels")]
    [InlineData("orders")]
    public async Task Handler_whose_reads_guard_it_ends_as_if_it_had_been_alone(string topic)
    {
        var crashes = await CheckAsync(topic, competing: null);

        // One key of one message.
        Assert.Equal(crashes + 1, await CheckAsync(topic, OneMore));
    }

    [Fact]
    public async Task Handler_that_overwrites_what_another_step_wrote_is_found()
    {
        const string Point = "unguarded/a/1 CompetingWrite stock-tea";

        var found = await Assert.ThrowsAsync<CrashPointException>(() => CheckAsync("unguarded", OneMore));
        var alone = await Assert.ThrowsAsync<CrashPointException>(() =>
            CrashPoints.RunAsync<Program>(darq => OrderAsync(darq, "unguarded"), Point, configure: Renew, competing: OneMore)
        );

        const string Difference = """
            What came of it differs.
            Only where it wrote before the handler:
              state 'stock-tea': 4
            Only where it wrote between read and commit:
              state 'stock-tea': 3
            """;
        Assert.Contains(
            "another step wrote 'stock-tea' between the handler's last read and its commit, at attempt 1 of message a of topic "
                + $"'unguarded'. {Difference}",
            found.Message,
            StringComparison.Ordinal
        );
        Assert.Contains($"RunAsync<Program>(scenario, \"{Point}\", seed: 1)", found.Message, StringComparison.Ordinal);
        Assert.Contains(Difference, alone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_that_a_step_read_as_absent_may_be_written_by_another()
    {
        Task PublishAsync(DarqTestHost darq) => darq.Publish("parcels", new Order("1", "tea", 2), id: "a");

        var crashes = await CrashPoints.CheckAsync<Program>(PublishAsync, configure: Renew);
        var points = await CrashPoints.CheckAsync<Program>(PublishAsync, configure: Renew, competing: Create(5, "stock-milk"));
        var competing = await CrashPoints.CheckAsync<Program>(PublishAsync, configure: Renew, competing: Create(5, "stock-tea"));

        Assert.Equal((crashes, crashes + 1), (points, competing));
    }

    [Fact]
    public async Task Handler_that_does_not_guard_what_it_read_as_absent_is_found()
    {
        var found = await Assert.ThrowsAsync<CrashPointException>(() => CheckAsync("race", Create(new[] { "somebody" }, "arrived")));

        Assert.Contains(
            """
            Only where it wrote before the handler:
              state 'arrived': ["somebody","1"]
            Only where it wrote between read and commit:
              state 'arrived': ["1"]
            """,
            found.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Value_that_cannot_be_told_ends_the_check_with_its_key()
    {
        var thrown = await Assert.ThrowsAsync<DarqTestException>(() =>
            CheckAsync("parcels", (_, _) => throw new InvalidOperationException("there is no other"))
        );

        Assert.Equal(
            "What another step writes to the key 'stock-tea' (competing) cannot be told: there is no other",
            thrown.Message,
            StringComparer.Ordinal
        );
    }

    /// <summary>Another step writes a value only where there is none.</summary>
    private static Func<string, JsonElement, object?> Create(object value, string key) =>
        (name, present) => name == key && present.ValueKind == JsonValueKind.Undefined ? value : null;

    private static object? OneMore(string key, JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetInt32() + 1 : null;

    private static async Task OrderAsync(DarqTestHost darq, string topic)
    {
        darq.State.Set("stock-tea", 5);
        await darq.Publish(topic, new Order("1", "tea", 2), id: "a");
    }

    private Task<int> CheckAsync(string topic, Func<string, JsonElement, object?>? competing) =>
        CrashPoints.CheckAsync<Program>(
            darq => OrderAsync(darq, topic),
            observe: _ => _payments.Count,
            configure: Renew,
            competing: competing,
            cancellationToken: TestContext.Current.CancellationToken
        );

    private void Renew(DarqTestOptions options)
    {
        _payments = new Payments();
        options.ConfigureServices(services => services.AddSingleton(_payments));
    }
}
