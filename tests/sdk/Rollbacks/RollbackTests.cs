using Darq.Tests.Sdk.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Rollbacks;

/// <summary>Who hears of a new world-line, and when.</summary>
public sealed class RollbackTests
{
    private readonly List<string> _events = [];

    [Fact]
    public async Task A_handler_hears_before_the_first_message_of_a_higher_world_line()
    {
        await using var app = await StartAsync();

        foreach (var worldLine in new[] { "10", "10", "12", "12", "11", "13" })
        {
            Assert.Equal(200, await DeliverAsync(app, worldLine));
        }

        Assert.Equal(["bank 0>10", "10", "10", "bank 10>12", "12", "12", "11", "bank 12>13", "13"], _events);
    }

    [Fact]
    public async Task A_handler_that_fails_is_called_again_and_the_message_waits()
    {
        await using var app = await StartAsync(failures: 1);

        Assert.Equal(500, await DeliverAsync(app, "12"));
        Assert.Equal(200, await DeliverAsync(app, "12"));

        Assert.Equal(["bank 0>12", "bank 0>12", "12"], _events);
        Assert.Contains(app.Log, line => line.StartsWith("Error HandlerFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Several_messages_of_a_new_world_line_wait_for_one_call()
    {
        var gate = new TaskCompletionSource();
        await using var app = await StartAsync(gate: gate.Task);
        var (first, second) = (DeliverAsync(app, "12"), DeliverAsync(app, "12"));
        // One that names none goes on meanwhile.
        Assert.Equal(200, (await app.DeliverAsync("/darq/orders", "none")).Status);

        gate.SetResult();
        Assert.All(await Task.WhenAll(first, second), status => Assert.Equal(200, status));

        Assert.Equal(1, _events.Count(happened => happened == "bank 0>12"));
        Assert.Equal(["12", "12"], _events[^2..]);
    }

    [Fact]
    public async Task A_handler_that_hangs_fails_the_delivery_in_time()
    {
        await using var app = await StartAsync(gate: new TaskCompletionSource().Task, processingTimeout: TimeSpan.FromMilliseconds(50));

        Assert.Equal(500, await DeliverAsync(app, "12"));

        Assert.Contains(app.Log, line => line.StartsWith("Error HandlerFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_delivery_that_names_no_world_line_is_handled()
    {
        await using var app = await StartAsync();

        Assert.Equal(200, (await app.DeliverAsync("/darq/orders", "none")).Status);
        Assert.Equal(["none"], _events);
    }

    private static async Task<int> DeliverAsync(TestApp app, string worldLine) =>
        (await app.DeliverAsync("/darq/orders", worldLine, ("darq-world-line", worldLine))).Status;

    private Task<TestApp> StartAsync(int failures = 0, Task? gate = null, TimeSpan? processingTimeout = null) =>
        TestApp.StartAsync(
            app =>
                app.MapStep("orders", (string data, Step _) => Note(data))
                    .WithProcessingTimeout(processingTimeout ?? TimeSpan.FromMinutes(1)),
            builder =>
            {
                builder.Services.AddSingleton(new Script(Note, failures, gate ?? Task.CompletedTask));
                builder.Services.AddDarqRollback<Cache>().AddDarqRollback<Cache>();
            }
        );

    private void Note(string happened)
    {
        lock (_events)
        {
            _events.Add(happened);
        }
    }

    private sealed record Script(Action<string> Note, int Failures, Task Gate);

    private sealed class Cache(Script script) : IRollbackHandler
    {
        private int _failures = script.Failures;

        public async Task OnRollbackAsync(Rollback rollback, CancellationToken cancellationToken)
        {
            script.Note($"{rollback.PubSub} {rollback.FormerWorldLine}>{rollback.WorldLine}");
            await script.Gate.WaitAsync(cancellationToken);
            if (_failures-- > 0)
            {
                throw new InvalidOperationException("The cache is not there.");
            }
        }
    }
}
