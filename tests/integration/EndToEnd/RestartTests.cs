using System.Net;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>
/// Every process of a pod, and Redis, dies alone: what goes on, and what comes back. Through a sidecar, as users have it.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class RestartTests : PodTests
{
    // With "always" a killed Redis has lost nothing that it had answered; docs/running.md says what everysec may lose.
    private protected override RedisOptions RedisOptions => new() { AppendFsync = "always" };

    [Fact]
    public async Task After_the_component_restarted_alone_state_and_publishing_go_on_without_a_new_Init()
    {
        (await Pod.SaveAsync("k", 1)).EnsureSuccessStatusCode();

        await Pod.Component.RestartAsync();

        await Eventually.TrueAsync(
            async () => (await Pod.SaveAsync("k", 2)).StatusCode == HttpStatusCode.NoContent,
            Patience,
            "state was saved again"
        );
        Assert.Equal("2", await Pod.ReadAsync("k"));
        Assert.Equal(HttpStatusCode.NoContent, await Pod.PublishAsync("orders", "o1", new { n = 1 }));
        Assert.Contains(
            Pod.Component.Process.Output.All,
            line => line.Contains("sidecar", StringComparison.Ordinal) && line.Contains("warn", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task When_Redis_restarts_on_its_file_streams_go_on_with_nothing_lost_and_nothing_twice()
    {
        const int Messages = 120;
        var publishing = Task.Run(async () =>
        {
            for (var i = 0; i < Messages; i++)
            {
                await Pod.PublishPatientlyAsync("orders", $"o{i}", i);
            }
        });
        foreach (var mark in new[] { 30, 70 })
        {
            await Eventually.TrueAsync(() => App.Handled.Count >= mark, Patience, $"{mark} messages were handled");
            await Redis.RestartAsync();
        }
        await publishing;
        await Eventually.TrueAsync(() => App.Handled.Distinct().Count() == Messages, Patience, "every message was handled");

        Assert.Equal(Messages, App.Handled.Count);
    }

    [Fact]
    public async Task A_message_whose_sidecar_dies_in_the_middle_is_delivered_again_and_its_step_takes_effect_once()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sidecarIsBack = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var attempts = 0;
        App.Handler = async (data, token) =>
        {
            if (Interlocked.Increment(ref attempts) == 1)
            {
                entered.SetResult();
                await sidecarIsBack.Task;
                return 500;
            }
            return (await Pod.StepAsync(token, "order", data.GetInt32())).StatusCode == HttpStatusCode.NoContent ? 200 : 500;
        };
        await Pod.PublishAsync("orders", "o7", 7);
        await entered.Task.WaitAsync(Patience);

        await Pod.Sidecar.RestartAsync();
        sidecarIsBack.SetResult();

        await Eventually.TrueAsync(() => App.Handled.Contains("7"), Patience, "the message came again");
        Assert.Equal("7", await Pod.ReadAsync("order"));
        Assert.Single(App.Handled);
    }

    [Fact]
    public async Task A_failing_handler_is_called_again_until_it_succeeds_and_what_it_did_in_a_step_is_done_once()
    {
        var attempts = 0;
        App.Handler = async (_, token) =>
        {
            var attempt = Interlocked.Increment(ref attempts);
            if (attempt <= 2)
            {
                return 500;
            }

            var first = await Pod.StepAsync(token, "count", attempt);
            var second = await Pod.StepAsync(token, "count", -1);
            return first.IsSuccessStatusCode && second.IsSuccessStatusCode ? 200 : 500;
        };
        await Pod.PublishAsync("orders", "o1", 1);

        await Eventually.TrueAsync(() => App.Handled.Count == 1, Patience, "the handler succeeded");
        Assert.Equal("3", await Pod.ReadAsync("count"));
    }
}
