using System.Net;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>
/// Every process of a pod, and Redis, dies alone: what goes on, and what comes back. Through a sidecar, as users have it.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class RestartTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private RedisServer _redis = null!;
    private TestApp _app = null!;
    private Pod _pod = null!;

    public async ValueTask InitializeAsync()
    {
        // With "always" a killed Redis has lost nothing that it had answered; README says what everysec may lose.
        _redis = await RedisServer.StartAsync(new RedisOptions { AppendFsync = "always" });
        _app = await TestApp.StartAsync("bank", "orders");
        _pod = await Pod.StartAsync(_redis, "shop", _app);
    }

    public async ValueTask DisposeAsync()
    {
        await _pod.DisposeAsync();
        await _app.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task After_the_component_restarted_alone_state_and_publishing_go_on_without_a_new_Init()
    {
        (await _pod.SaveAsync("k", 1)).EnsureSuccessStatusCode();

        await _pod.Component.RestartAsync();

        await Eventually.TrueAsync(
            async () => (await _pod.SaveAsync("k", 2)).StatusCode == HttpStatusCode.NoContent,
            Patience,
            "state was saved again"
        );
        Assert.Equal("2", await _pod.ReadAsync("k"));
        Assert.Equal(HttpStatusCode.NoContent, await _pod.PublishAsync("orders", "o1", new { n = 1 }));
        Assert.Contains(_pod.Component.Process.Output.All, line =>
            line.Contains("sidecar", StringComparison.Ordinal) && line.Contains("warn", StringComparison.Ordinal)
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
                await _pod.PublishPatientlyAsync("orders", $"o{i}", i);
            }
        });
        foreach (var mark in new[] { 30, 70 })
        {
            await Eventually.TrueAsync(() => _app.Handled.Count >= mark, Patience, $"{mark} messages were handled");
            await _redis.RestartAsync();
        }
        await publishing;
        await Eventually.TrueAsync(() => _app.Handled.Distinct().Count() == Messages, Patience, "every message was handled");

        Assert.Equal(Messages, _app.Handled.Count);
    }

    [Fact]
    public async Task A_message_whose_sidecar_dies_in_the_middle_is_delivered_again_and_its_step_takes_effect_once()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sidecarIsBack = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var attempts = 0;
        _app.Handler = async (data, token) =>
        {
            if (Interlocked.Increment(ref attempts) == 1)
            {
                entered.SetResult();
                await sidecarIsBack.Task;
                return 500;
            }
            return (await _pod.StepAsync(token, "order", data.GetInt32())).StatusCode == HttpStatusCode.NoContent ? 200 : 500;
        };
        await _pod.PublishAsync("orders", "o7", 7);
        await entered.Task.WaitAsync(Patience);

        await _pod.Sidecar.RestartAsync();
        sidecarIsBack.SetResult();

        await Eventually.TrueAsync(() => _app.Handled.Contains("7"), Patience, "the message came again");
        Assert.Equal("7", await _pod.ReadAsync("order"));
        Assert.Single(_app.Handled);
    }

    [Fact]
    public async Task A_failing_handler_is_called_again_until_it_succeeds_and_what_it_did_in_a_step_is_done_once()
    {
        var attempts = 0;
        _app.Handler = async (_, token) =>
        {
            var attempt = Interlocked.Increment(ref attempts);
            if (attempt <= 2)
            {
                return 500;
            }

            var first = await _pod.StepAsync(token, "count", attempt);
            var second = await _pod.StepAsync(token, "count", -1);
            return first.IsSuccessStatusCode && second.IsSuccessStatusCode ? 200 : 500;
        };
        await _pod.PublishAsync("orders", "o1", 1);

        await Eventually.TrueAsync(() => _app.Handled.Count == 1, Patience, "the handler succeeded");
        Assert.Equal("3", await _pod.ReadAsync("count"));
    }
}
