using Darq.Tests.Sdk.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Sdk.Mapping;

/// <summary>What a mapped handler answers to the sidecar, and what it says to a person.</summary>
public sealed class AnswerTests
{
    private const string Success = """{"status":"SUCCESS"}""";
    private const string Retry = """{"status":"RETRY"}""";

    [Fact]
    public async Task A_step_that_took_effect_is_a_success()
    {
        await using var app = await TestApp.StartAsync(app =>
            app.MapStep(
                "orders",
                (Order order, Step step) =>
                    step.Emit("paid", $"{order.Id} {step.Topic} {step.MessageId} {step.Attempt} {step.IdempotencyKey}")
            )
        );

        var answer = await app.DeliverAsync(
            "/darq/orders",
            new Order("o-1"),
            ("darq-token", "a:b"),
            ("darq-attempt", "3"),
            ("darq-idempotency-key", "orders/1/m-1")
        );

        Assert.Equal((200, Success), answer);
        Assert.Equal("a:b", app.Sidecar.Transactions.Single().Metadata["darq.token"]);
        Assert.Contains("o-1 orders m-1 3 orders/1/m-1", app.Sidecar.Transactions.Single().Metadata["darq.emit"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Aborted desc = STALE: x", 200, Success, "Debug StepElsewhere")]
    [InlineData("Aborted desc = FENCED: x", 200, Retry, "Debug StepElsewhere")]
    [InlineData(FakeSidecar.Conflict, 500, "", "Warning StepPostponed")]
    [InlineData("ResourceExhausted desc = FULL: x", 500, "", "Warning StepPostponed")]
    [InlineData("InvalidArgument desc = TOO_LARGE: x", 500, "", "Error StepRefused")]
    [InlineData("InvalidArgument desc = INVALID: x", 500, "", "Error StepRefused")]
    public async Task Each_other_outcome_has_its_answer_and_line(string failure, int status, string text, string line)
    {
        await using var app = await TestApp.StartAsync(app => app.MapStep("orders", (Order _, Step _) => { }));
        app.Sidecar.TransactionFailures.Enqueue(failure);

        Assert.Equal((status, text), await app.DeliverAsync("/darq/orders", new Order("o-1")));
        Assert.StartsWith(line, app.Log.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_whose_attempt_was_over_is_not_done_with_its_message()
    {
        await using var app = await TestApp.StartAsync(
            app => app.MapStep("orders", async (Order _, Step step) => await step.ExtendAsync()),
            builder => builder.Services.AddDarq(options => options.Binding = "steps")
        );
        app.Sidecar.ExtendAnswer = """{"outcome":"STALE"}""";

        Assert.Equal((500, ""), await app.DeliverAsync("/darq/orders", new Order("o-1")));
        Assert.StartsWith("Warning StepPostponed", app.Log.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_throws_fails_and_its_text_stays_here()
    {
        await using var app = await TestApp.StartAsync(app =>
            app.MapStep("orders", (Order _, Step _) => throw new InvalidOperationException("secret"))
        );

        Assert.Equal((500, ""), await app.DeliverAsync("/darq/orders", new Order("o-1")));
        Assert.StartsWith(
            "Error HandlerFailed The handler of topic orders failed at message m-1",
            app.Log.Single(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_message_that_does_not_fit_fails_and_is_told_without_its_data()
    {
        await using var app = await TestApp.StartAsync(app => app.MapStep("orders", (int _, Step _) => Assert.Fail("it ran")));

        Assert.Equal((500, ""), await app.DeliverAsync("/darq/orders", "secret"));
        var line = app.Log.Single();
        Assert.StartsWith(
            "Error MessageUnfit Message m-1 of topic orders is not for its handler: its data has not the form",
            line,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_over_the_limit_fails()
    {
        await using var app = await TestApp.StartAsync(
            app => app.MapStep("orders", (string _, Step _) => Assert.Fail("it ran")),
            builder => builder.Services.AddDarq(options => options.MaxMessageBytes = 100)
        );

        Assert.Equal((500, ""), await app.DeliverAsync("/darq/orders", new string('x', 200)));
        Assert.Contains("it is larger than MaxMessageBytes, 100 bytes", app.Log.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_without_a_token_is_no_delivery()
    {
        await using var app = await TestApp.StartAsync(app => app.MapStep("orders", (Order _, Step _) => Assert.Fail("it ran")));

        Assert.Equal((400, ""), await app.DeliverAsync("/darq/orders", new Order("o-1"), ("darq-token", "")));
        Assert.StartsWith("Error TokenMissing", app.Log.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("let me in", 200)]
    [InlineData("let me out", 401)]
    [InlineData("", 401)]
    public async Task With_an_app_token_only_the_sidecar_is_heard(string token, int status)
    {
        await using var app = await TestApp.StartAsync(
            app => app.MapStep("orders", (Order _, Step step) => Assert.DoesNotContain("dapr-api-token", step.Headers.Keys)),
            builder => builder.Configuration.AddInMemoryCollection([new("APP_API_TOKEN", "let me in")])
        );

        Assert.Equal(status, (await app.DeliverAsync("/darq/orders", new Order("o-1"), ("dapr-api-token", token))).Status);
    }

    [Fact]
    public async Task Each_run_has_services_and_a_message_of_its_own()
    {
        List<Visit> visits = [];
        await using var app = await TestApp.StartAsync(
            app =>
                app.MapStep(
                    "orders",
                    (Order order, Step _, Visit visit) =>
                    {
                        Assert.Empty(order.Notes);
                        order.Notes.Add("seen");
                        visits.Add(visit);
                        return Task.CompletedTask;
                    }
                ),
            builder =>
            {
                builder.Services.AddScoped<Visit>();
                builder.Services.AddDarq(options => options.ConflictTimeout = TimeSpan.FromSeconds(10));
            }
        );
        app.Sidecar.TransactionFailures.Enqueue(FakeSidecar.Conflict);

        Assert.Equal((200, Success), await app.DeliverAsync("/darq/orders", new Order("o-1")));
        Assert.Equal(2, visits.Distinct().Count());
        Assert.All(visits, visit => Assert.True(visit.IsOver));
    }

    [Fact]
    public async Task A_handler_that_waits_is_told_when_its_time_is_over()
    {
        await using var app = await TestApp.StartAsync(app =>
            app.MapStep("orders", async (Order _, Step step) => await Task.Delay(Timeout.Infinite, step.CancellationToken))
                .WithProcessingTimeout(TimeSpan.FromMilliseconds(50))
        );

        Assert.Equal((500, ""), await app.DeliverAsync("/darq/orders", new Order("o-1")));
        Assert.StartsWith("Error HandlerFailed", app.Log.Single(), StringComparison.Ordinal);
        Assert.Empty(app.Sidecar.Transactions);
    }

    [Fact]
    public async Task A_handler_without_a_time_of_its_own_has_that_of_the_options()
    {
        await using var app = await TestApp.StartAsync(
            app => app.MapStep("orders", async (Order _, Step step) => await Task.Delay(Timeout.Infinite, step.CancellationToken)),
            builder => builder.Services.AddDarq(options => options.ProcessingTimeout = TimeSpan.FromMilliseconds(50))
        );

        Assert.Contains("\"processingTimeout\":\"50ms\"", await app.Http.GetStringAsync("/dapr/subscribe"), StringComparison.Ordinal);
        Assert.Equal((500, ""), await app.DeliverAsync("/darq/orders", new Order("o-1")));
        Assert.StartsWith("Error HandlerFailed", app.Log.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_without_a_limit_is_not_ended()
    {
        var time = new FakeTimeProvider();
        var running = new TaskCompletionSource<CancellationToken>();
        await using var app = await TestApp.StartAsync(
            app =>
                app.MapStep(
                        "orders",
                        async (Order _, Step step) =>
                        {
                            var hour = Task.Delay(TimeSpan.FromHours(1), time);
                            running.SetResult(step.CancellationToken);
                            await hour;
                        }
                    )
                    .WithProcessingTimeout(TimeSpan.Zero),
            builder => builder.Services.AddSingleton<TimeProvider>(time)
        );
        var delivery = app.DeliverAsync("/darq/orders", new Order("o-1"));
        var cancellation = await running.Task;

        time.Advance(TimeSpan.FromHours(1));

        Assert.Equal((200, Success), await delivery);
        Assert.False(cancellation.IsCancellationRequested);
    }

    [Fact]
    public async Task A_handler_that_returns_late_is_sent_all_the_same()
    {
        await using var app = await TestApp.StartAsync(app =>
            app.MapStep("orders", async (Order _, Step step) => await EndOf(step.CancellationToken))
                .WithProcessingTimeout(TimeSpan.FromMilliseconds(50))
        );

        Assert.Equal((200, Success), await app.DeliverAsync("/darq/orders", new Order("o-1")));
    }

    [Fact]
    public async Task A_class_is_disposed_of_after_its_run()
    {
        Closing.Closed = 0;
        await using var app = await TestApp.StartAsync(app => app.MapStep<Order, Closing>("orders"));

        Assert.Equal((200, Success), await app.DeliverAsync("/darq/orders", new Order("o-1")));
        Assert.Equal(1, Closing.Closed);
    }

    [Fact]
    public async Task What_a_handler_returns_is_awaited_whatever_its_type()
    {
        await using var app = await TestApp.StartAsync(app =>
        {
            app.MapStep("value", (Order order, Step step) => LaterAsync(step));
            app.MapStep("async", async (Order order, Step step) => await LaterAsync(step));
        });

        await app.DeliverAsync("/darq/value", new Order("o-1"));
        await app.DeliverAsync("/darq/async", new Order("o-2"));

        Assert.Equal(["+later=1@", "+later=1@"], app.Sidecar.Transactions.SelectMany(sent => sent.Written));

        static async ValueTask LaterAsync(Step step)
        {
            await Task.Yield();
            step.State.Set("later", 1);
        }
    }

    [Fact]
    public async Task A_class_is_a_handler()
    {
        await using var app = await TestApp.StartAsync(
            app => app.MapStep<Order, Handler>("orders"),
            builder => builder.Services.AddSingleton(new Greeting("hello"))
        );

        Assert.Equal((200, Success), await app.DeliverAsync("/darq/orders", new Order("o-1")));
        Assert.Equal(["+greeting=\"hello o-1\"@"], app.Sidecar.Transactions.Single().Written);
    }

    private static Task EndOf(CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource();
        cancellationToken.Register(() => end.SetResult());
        return end.Task;
    }

    internal sealed record Order(string Id)
    {
        public List<string> Notes { get; init; } = [];
    }

    internal sealed class Visit : IDisposable
    {
        public bool IsOver { get; private set; }

        public void Dispose() => IsOver = true;
    }

    internal sealed record Greeting(string Word);

    internal sealed class Handler(Greeting greeting) : IStepHandler<Order>
    {
        public Task HandleAsync(Order message, Step step)
        {
            step.State.Set("greeting", $"{greeting.Word} {message.Id}");
            return Task.CompletedTask;
        }
    }

    internal sealed class Closing : IStepHandler<Order>, IAsyncDisposable
    {
        public static int Closed { get; set; }

        public Task HandleAsync(Order message, Step step) => Task.CompletedTask;

        public ValueTask DisposeAsync()
        {
            Closed++;
            return ValueTask.CompletedTask;
        }
    }
}
