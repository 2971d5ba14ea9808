using Darq.Analyzers;
using Microsoft.CodeAnalysis;
using Xunit;
using Rule = Darq.Tests.Analyzers.Compiling.Rule<Darq.Analyzers.SubscribeHandlerAnalyzer>;

namespace Darq.Tests.Analyzers;

public sealed class SubscribeHandlerTests
{
    private const string Step = "(string order, Step step) => Task.CompletedTask";
    private const string Other = "app.MapPost(\"/mails\", () => \"\").WithTopic(\"bank\", \"mails\");";

    [Fact]
    public async Task An_app_with_other_subscriptions_and_no_subscribe_handler_is_reported_at_the_first_of_each_file() =>
        await Rule.CheckAsync(
            $"""
            var app = WebApplication.Create();
            // app.MapSubscribeHandler();
            {Other}
            app.[|MapStep|]("a", {Step});
            app.MapStep("b", {Step});
            """,
            $$"""
            static class More
            {
                public static void Map(IEndpointRouteBuilder app)
                {
                    app.[|MapStep<string>|]("c", {{Step}});
                    app.MapStep("d", {{Step}});
                }
            }
            """
        );

    [Theory]
    [InlineData("")]
    [InlineData("// app.WithTopic(); [Topic]")]
    [InlineData("var Topic = 1;")]
    public async Task An_app_of_steps_alone_needs_none(string other) =>
        await Rule.CheckAsync(
            $"""
            var app = WebApplication.Create();
            {other}
            app.MapStep("a", {Step});
            """
        );

    [Fact]
    public async Task An_attribute_is_a_subscription_too() =>
        await Rule.CheckAsync(
            $"""
            var app = WebApplication.Create();
            app.MapPost("/mails", [Dapr.Topic("bank", "mails")] () => "");
            app.[|MapStep|]("a", {Step});
            """
        );

    [Theory]
    [InlineData("app.MapSubscribeHandler();")]
    [InlineData("app.MapSubscribeHandler(new Dapr.SubscribeOptions());")]
    public async Task An_app_that_calls_it_in_any_file_is_not(string call) =>
        await Rule.CheckAsync(
            $"""
            var app = WebApplication.Create();
            {Other}
            app.MapStep("a", {Step});
            """,
            $$"""
            static class More
            {
                public static void Map(IEndpointRouteBuilder app) => {{call}}
            }
            """
        );

    [Fact]
    public async Task A_method_of_the_apps_own_with_that_name_maps_no_step() =>
        await Rule.CheckAsync(
            """
            new Own().MapStep("a");

            sealed class Own
            {
                public void MapStep(string topic) { }
            }
            """
        );

    [Fact]
    public async Task A_library_is_not_reported_since_its_app_may_have_it() =>
        await Rule.CheckAsync(
            OutputKind.DynamicallyLinkedLibrary,
            $$"""
            public static class Steps
            {
                public static void Map(IEndpointRouteBuilder app)
                {
                    {{Other}}
                    app.MapStep("a", {{Step}});
                }
            }
            """
        );

    [Fact]
    public async Task The_fix_inserts_the_call_before_the_first_step() =>
        await Rule.FixAsync<SubscribeHandlerFix>(
            $"""
            var web = WebApplication.Create();

            // Orders come from the shop.
            web.MapStep("a", {Step});
            web.MapStep("b", {Step});
            web.MapPost("/mails", () => "").WithTopic("bank", "mails");
            """,
            $"""
            var web = WebApplication.Create();
            web.MapSubscribeHandler();

            // Orders come from the shop.
            web.MapStep("a", {Step});
            web.MapStep("b", {Step});
            web.MapPost("/mails", () => "").WithTopic("bank", "mails");
            """
        );

    [Fact]
    public async Task The_fix_keeps_the_indentation_of_a_method() =>
        await Rule.FixAsync<SubscribeHandlerFix>(
            $$"""
            static class Program
            {
                static void Main()
                {
                    var app = WebApplication.Create();
                    app.MapStep("a", {{Step}});
                    {{Other}}
                }
            }
            """,
            $$"""
            static class Program
            {
                static void Main()
                {
                    var app = WebApplication.Create();
                    app.MapSubscribeHandler();
                    app.MapStep("a", {{Step}});
                    {{Other}}
                }
            }
            """
        );

    [Theory]
    [InlineData("var app = WebApplication.Create().MapGroup(\"/shop\");\napp.MapStep(\"a\", " + Step + ");\n" + Other)]
    [InlineData("WebApplication.Create().MapStep(\"a\", " + Step + ");\nvar app = WebApplication.Create();\n" + Other)]
    [InlineData(
        "var app = WebApplication.Create();\n"
            + Other
            + "\nforeach (var topic in new[] { \"a\", \"b\" })\n{\n    app.MapStep(topic, "
            + Step
            + ");\n}"
    )]
    [InlineData("var app = WebApplication.Create();\n" + Other + "\nif (args.Length > 0) { app.MapStep(\"a\", " + Step + "); }")]
    public async Task No_fix_is_offered_where_it_is_not_clear_on_what_to_call_it(string source) =>
        await Rule.NoFixAsync<SubscribeHandlerFix>(source);
}
