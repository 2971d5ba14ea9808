using Dapr.Client;
using Darq.Analyzers;
using Darq.Tests.Analyzers.Compiling;
using Xunit;
using Rule = Darq.Tests.Analyzers.Compiling.Rule<Darq.Analyzers.DaprCallAnalyzer>;

namespace Darq.Tests.Analyzers;

public sealed class DaprCallTests
{
    [Theory]
    [InlineData("await dapr.[|PublishEventAsync|](\"bank\", \"paid\", order);", "Step.Emit")]
    [InlineData("await dapr.[|PublishByteEventAsync|](\"bank\", \"paid\", new byte[1]);", "Step.Emit")]
    [InlineData("await dapr.[|BulkPublishEventAsync|](\"bank\", \"paid\", new List<Order>());", "Step.Emit")]
    [InlineData("await dapr.[|SaveStateAsync|](\"ledger\", order.Id, 1);", "Step.State.Set")]
    [InlineData("await dapr.[|TrySaveStateAsync|](\"ledger\", order.Id, 1, \"etag\");", "Step.State.Set")]
    [InlineData("await dapr.[|DeleteStateAsync|](\"ledger\", order.Id);", "Step.State.Delete")]
    [InlineData("var x = await dapr.[|GetStateAsync<int>|](\"ledger\", order.Id);", "Step.State.Get")]
    [InlineData("var x = await dapr.[|GetBulkStateAsync|](\"ledger\", [order.Id], null);", "Step.State.Load")]
    [InlineData("await dapr.[|ExecuteStateTransactionAsync|](\"ledger\", []);", "Step.State")]
    [InlineData("await (dapr?.[|DeleteStateAsync|](\"ledger\", order.Id) ?? Task.CompletedTask);", "Step.State.Delete")]
    public async Task Publish_and_state_by_DaprClient_in_a_step_are_reported_with_what_to_use(string call, string instead)
    {
        var found = await Rule.CheckAsync(App.Handler(call));

        Assert.EndsWith($"is not part of the step; use '{instead}'", Assert.Single(found).GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_client_of_this_SDK_is_for_code_outside_of_steps() =>
        await Rule.CheckAsync(
            """
            new object();
            sealed class Orders(IDarqClient darq) : IStepHandler<string>
            {
                public async Task HandleAsync(string message, Step step)
                {
                    await darq.[|PublishAsync|]("paid", "p-1", message);
                    await darq.[|PublishAllAsync|]("paid", [new OutgoingMessage<string>("p-2", message)]);
                    await darq.[|RunStepAsync|]("s-1", inner => Task.CompletedTask);
                }

                public Task PublishAsync(string message) => darq.PublishAsync("paid", "p-1", message);
            }
            """
        );

    [Fact]
    public async Task The_handler_of_a_class_is_a_step() =>
        await Rule.CheckAsync(
            """
            new object();
            sealed class Orders(DaprClient dapr) : IStepHandler<string>
            {
                public Task HandleAsync(string message, Step step) => dapr.[|PublishEventAsync|]("bank", "paid", message);

                public Task PublishAsync(string message) => dapr.PublishEventAsync("bank", "paid", message);
            }
            """
        );

    [Fact]
    public async Task A_method_that_is_passed_to_MapStep_and_one_that_is_passed_the_step_are_in_a_step() =>
        await Rule.CheckAsync(
            """
            WebApplication.Create().MapStep<string, DaprClient>("orders", Handlers.HandleAsync);

            static class Handlers
            {
                public static Task HandleAsync(string message, Step step, DaprClient dapr) => PayAsync(step, dapr);

                private static Task PayAsync(Step step, DaprClient dapr) => dapr.[|PublishEventAsync|]("bank", "paid", step.MessageId);
            }
            """
        );

    [Fact]
    public async Task A_method_in_an_extension_block_of_steps_is_in_a_step() =>
        await Rule.CheckAsync(
            """
            new object();
            static class Payments
            {
                extension(Step step)
                {
                    public async Task PayAsync(DaprClient dapr)
                    {
                        await dapr.[|PublishEventAsync|]("bank", "paid", step.MessageId);
                    }

                    public static Task OpenAsync(DaprClient dapr) => dapr.PublishEventAsync("bank", "opened", 1);
                }
            }
            """
        );

    [Fact]
    public async Task An_object_that_is_made_with_a_step_is_in_it() =>
        await Rule.CheckAsync(
            """
            new object();
            sealed class Account(Step step, DaprClient dapr)
            {
                public async Task PayAsync(int amount)
                {
                    step.Emit("paid", amount);
                    await Task.Run(() => dapr.[|SaveStateAsync|]("ledger", "a", amount));
                }

                public static Task OpenAsync(DaprClient dapr) => dapr.SaveStateAsync("ledger", "a", 0);

                private sealed class Opening
                {
                    public static Task OpenAsync(DaprClient dapr) => dapr.SaveStateAsync("ledger", "a", 0);
                }
            }

            sealed class Both
            {
                public Both() { }

                public Both(Step step) { }

                public Task OpenAsync(DaprClient dapr) => dapr.SaveStateAsync("ledger", "a", 0);
            }
            """
        );

    [Fact]
    public async Task Functions_inside_a_handler_are_in_its_step() =>
        await Rule.CheckAsync(
            App.Handler(
                """
                async Task PayAsync(int amount)
                {
                    await dapr.[|PublishEventAsync|]("bank", "paid", amount);
                }

                await PayAsync(1);
                await Task.WhenAll(new[] { 1, 2 }.Select(amount => dapr.[|SaveStateAsync|]("ledger", "a", amount)));
                """
            )
        );

    [Fact]
    public async Task An_override_of_a_client_of_the_apps_own_is_reported() =>
        await Rule.CheckAsync(
            """
            new object();
            abstract class Own : DaprClient
            {
                public override Task PublishEventAsync(string pubsubName, string topicName, CancellationToken cancellationToken = default) =>
                    Task.CompletedTask;

                public Task PayAsync(Step step) => [|PublishEventAsync|]("bank", "paid");
            }
            """
        );

    [Fact]
    public async Task Other_calls_in_a_step_and_the_same_calls_elsewhere_are_not() =>
        await Rule.CheckAsync(
            App.Handler(
                """
                step.Emit("paid", order);
                await dapr.InvokeMethodAsync("payments", "pay");
                await dapr.InvokeBindingAsync("mail", "create", order);
                await new Own().PublishEventAsync("paid");
                """
            )
                + """

                sealed class Own
                {
                    public Task PublishEventAsync(string topic) => Task.CompletedTask;
                }

                sealed class Controller(DaprClient dapr)
                {
                    public Task PostAsync() => dapr.PublishEventAsync("bank", "paid", 1);
                }
                """
        );

    [Fact]
    public void Every_method_of_DaprClient_that_publishes_or_uses_state_has_a_replacement() =>
        Assert.Equal(
            typeof(DaprClient)
                .GetMethods()
                .Select(method => method.Name)
                .Where(name => name.Contains("State", StringComparison.Ordinal) || name.Contains("Publish", StringComparison.Ordinal))
                .Distinct()
                .Order(StringComparer.Ordinal),
            DaprCallAnalyzer.Instead.Keys.Order(StringComparer.Ordinal)
        );

    [Theory]
    [InlineData("await dapr.PublishEventAsync(\"bank\", \"paid\", order);", "step.Emit(\"paid\", order);")]
    [InlineData("await dapr.PublishEventAsync<Order>(\"bank\", \"paid\", order, default);", "step.Emit<Order>(\"paid\", order);")]
    [InlineData("await dapr.PublishEventAsync(data: 1, topicName: \"paid\", pubsubName: \"bank\");", "step.Emit(\"paid\", 1);")]
    [InlineData("await dapr.PublishEventAsync(\"bank\", \"paid\", 1).ConfigureAwait(false); // Paid.", "step.Emit(\"paid\", 1); // Paid.")]
    [InlineData("dapr.PublishEventAsync(\"bank\", \"paid\", 1);", "step.Emit(\"paid\", 1);")]
    [InlineData("var x = await dapr.GetStateAsync<int>(\"ledger\", order.Id);", "var x = await step.State.Get<int>(order.Id);")]
    [InlineData(
        "var x = 1 + (await dapr.GetStateAsync<int>(\"ledger\", \"a\", ConsistencyMode.Strong).ConfigureAwait(false));",
        "var x = 1 + (await step.State.Get<int>(\"a\").ConfigureAwait(false));"
    )]
    [InlineData(
        "await dapr.SaveStateAsync(\"ledger\", order.Id, 1, cancellationToken: step.CancellationToken);",
        "step.State.Set(order.Id, 1);"
    )]
    [InlineData("await dapr.DeleteStateAsync(\"ledger\", order.Id);", "step.State.Delete(order.Id);")]
    [InlineData("await dapr.SaveStateAsync<object>(\"ledger\", order!.Id!, null!);", "step.State.Set<object>(order!.Id!, null!);")]
    public async Task The_fix_does_the_same_by_the_step(string before, string after) =>
        await Rule.FixAsync<DaprCallFix>(App.Handler(before), App.Handler(after));

    [Theory]
    [InlineData("await dapr.PublishEventAsync(\"bank\", \"paid\", order, new Dictionary<string, string>());")]
    [InlineData("await dapr.PublishEventAsync(\"bank\", \"paid\");")]
    [InlineData("await dapr.SaveStateAsync(\"ledger\", order.Id, 1, new StateOptions());")]
    [InlineData("var task = dapr.GetStateAsync<int>(\"ledger\", order.Id);")]
    [InlineData("await Task.WhenAll(dapr.SaveStateAsync(\"ledger\", \"a\", 1), Task.CompletedTask);")]
    [InlineData("await dapr.SaveBulkStateAsync<int>(\"ledger\", []);")]
    [InlineData("await Pay(dapr);\nstatic async Task Pay(DaprClient dapr) => await dapr.PublishEventAsync(\"bank\", \"paid\", 1);")]
    public async Task No_fix_is_offered_that_would_lose_something_or_not_compile(string body) =>
        await Rule.NoFixAsync<DaprCallFix>(App.Handler(body));

    [Fact]
    public async Task No_fix_is_offered_where_the_step_has_no_name() =>
        await Rule.NoFixAsync<DaprCallFix>(
            """
            WebApplication.Create().MapStep("orders", async (string _, Step _, DaprClient dapr) =>
                await dapr.PublishEventAsync("bank", "paid", 1));
            """
        );

    [Fact]
    public async Task A_body_without_braces_is_fixed_too() =>
        await Rule.FixAsync<DaprCallFix>(
            """
            WebApplication.Create().MapStep("orders", async (string id, Step s, DaprClient dapr) =>
                await dapr.PublishEventAsync("bank", "paid", id));
            """,
            """
            WebApplication.Create().MapStep("orders", async (string id, Step s, DaprClient dapr) =>
                s.Emit("paid", id));
            """
        );

    [Fact]
    public async Task A_step_whose_name_is_a_keyword_is_written_as_one() =>
        await Rule.FixAsync<DaprCallFix>(
            """
            WebApplication.Create().MapStep("orders", async (string id, Step @event, DaprClient dapr) =>
                await dapr.PublishEventAsync("bank", "paid", id));
            """,
            """
            WebApplication.Create().MapStep("orders", async (string id, Step @event, DaprClient dapr) =>
                @event.Emit("paid", id));
            """
        );

    [Fact]
    public async Task All_are_fixed_at_once() =>
        await Rule.FixAllAsync<DaprCallFix>(
            App.Handler(
                """
                var sum = await dapr.GetStateAsync<int>("ledger", order.Id);
                // Paid.
                await dapr.SaveStateAsync("ledger", order.Id, sum + order.Amount);
                await dapr.PublishEventAsync("bank", "paid", order);
                """
            ),
            App.Handler(
                """
                var sum = await step.State.Get<int>(order.Id);
                // Paid.
                step.State.Set(order.Id, sum + order.Amount);
                step.Emit("paid", order);
                """
            )
        );
}
