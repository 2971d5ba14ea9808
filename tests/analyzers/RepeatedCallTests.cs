using Darq.Tests.Analyzers.Compiling;
using Microsoft.CodeAnalysis;
using Xunit;
using Rule = Darq.Tests.Analyzers.Compiling.Rule<Darq.Analyzers.RepeatedCallAnalyzer>;

namespace Darq.Tests.Analyzers;

public sealed class RepeatedCallTests
{
    [Theory]
    [InlineData("await http.[|PostAsync|](\"https://pay/\", null);")]
    [InlineData("await http.[|PutAsync|](\"https://pay/\", null);")]
    [InlineData("await http.[|PatchAsync|](\"https://pay/\", null);")]
    [InlineData("await http.[|DeleteAsync|](\"https://pay/\");")]
    [InlineData("await http.[|PostAsJsonAsync|](\"https://pay/\", order);")]
    [InlineData("await http.[|PutAsJsonAsync|](\"https://pay/\", order);")]
    [InlineData("await http.[|PatchAsJsonAsync|](\"https://pay/\", order);")]
    [InlineData("await http.[|DeleteFromJsonAsync<Order>|](\"https://pay/\");")]
    [InlineData("http.[|Send|](new HttpRequestMessage(HttpMethod.Post, \"https://pay/\"));")]
    [InlineData("var request = new HttpRequestMessage(HttpMethod.Post, \"https://pay/\");\nawait http.[|SendAsync|](request);")]
    [InlineData("var request = new HttpRequestMessage();\nrequest.Method = HttpMethod.Post;\nawait http.[|SendAsync|](request);")]
    [InlineData("await http.[|SendAsync|](new HttpRequestMessage { Method = HttpMethod.Post });")]
    [InlineData("var same = step;\n_ = same.MessageId;\n_ = step is null;\nawait http.[|PostAsync|](\"https://pay/\", null);")]
    [InlineData("await dapr.[|InvokeMethodAsync|](\"payments\", \"pay\", order);")]
    [InlineData("await dapr.[|InvokeMethodAsync|](HttpMethod.Put, \"payments\", \"pay\", order);")]
    [InlineData("step.Emit(\"paid\", order);\nstep.State.Set(\"a\", order);\nawait http.[|PostAsync|](\"https://pay/\", null);")]
    [InlineData("await PayAsync();\nTask PayAsync() => http.[|PostAsync|](\"https://pay/\", null);")]
    public async Task A_call_that_changes_something_is_reported_in_a_handler_without_the_key(string body)
    {
        var found = Assert.Single(await Rule.CheckAsync(App.Handler(body)));

        Assert.Equal(DiagnosticSeverity.Info, found.Severity);
        Assert.EndsWith("again when the step runs again; send 'Step.IdempotencyKey' with it", found.GetMessage(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("await http.GetAsync(\"https://pay/\");")]
    [InlineData("await http.GetFromJsonAsync<Order>(\"https://pay/\");")]
    [InlineData("await http.SendAsync(new HttpRequestMessage(HttpMethod.Get, \"https://pay/\"));")]
    [InlineData("await http.SendAsync(new() { Method = HttpMethod.Head });")]
    [InlineData("var request = new HttpRequestMessage(HttpMethod.Get, \"https://pay/\");\nawait http.SendAsync(request);")]
    [InlineData("await dapr.InvokeMethodAsync<Order>(HttpMethod.Get, \"payments\", \"paid\");")]
    [InlineData("await http.SendAsync(new HttpRequestMessage { RequestUri = new(\"https://pay/\") });")]
    [InlineData("var request = new HttpRequestMessage();\nawait http.SendAsync(request);")]
    [InlineData("var request = new HttpRequestMessage();\nrequest.Method = HttpMethod.Get;\nawait http.SendAsync(request);")]
    [InlineData("HttpRequestMessage request;\nrequest = new(HttpMethod.Get, \"https://pay/\");\nawait http.SendAsync(request);")]
    [InlineData("await http.SendAsync(new HttpRequestMessage(new HttpMethod(\"GET\"), \"https://pay/\"));")]
    [InlineData("await http.SendAsync(new HttpRequestMessage(HttpMethod.Parse(\"get\"), \"https://pay/\"));")]
    public async Task A_call_that_reads_is_not(string body) => await Rule.CheckAsync(App.Handler(body));

    [Theory]
    [InlineData("http.DefaultRequestHeaders.Add(\"Idempotency-Key\", step.IdempotencyKey);\nawait http.PostAsync(\"https://pay/\", null);")]
    [InlineData("await http.PostAsync($\"https://pay/{step.IdempotencyKey}\", null);")]
    [InlineData("await PayAsync();\nTask PayAsync() => http.PostAsync($\"https://pay/{step.IdempotencyKey}\", null);")]
    [InlineData("await http.PostAsync(Uri(step), null);\nstatic string Uri(Step s) => $\"https://pay/{s.IdempotencyKey}\";")]
    [InlineData("if (step is { IdempotencyKey: var key }) { await http.PostAsync($\"https://pay/{key}\", null); }")]
    [InlineData("var both = (order, step);\nawait http.PostAsync(\"https://pay/\", null);")]
    [InlineData("http.DefaultRequestHeaders.Add(\"idempotency-key\", order.Id);\nawait http.PostAsync(\"https://pay/\", null);")]
    public async Task A_handler_that_uses_its_key_or_passes_its_step_on_is_not(string body) => await Rule.CheckAsync(App.Handler(body));

    [Fact]
    public async Task The_key_in_one_handler_does_not_excuse_another() =>
        await Rule.CheckAsync(
            App.Handler("await http.PostAsync($\"https://pay/{step.IdempotencyKey}\", null);")
                + """

                sealed class Orders(HttpClient http) : IStepHandler<string>
                {
                    public Task HandleAsync(string message, Step step) => http.[|PostAsync|]("https://pay/", null);

                    public Task PayAsync() => http.PostAsync("https://pay/", null);
                }
                """
        );

    [Fact]
    public async Task An_object_with_the_step_may_send_its_key() =>
        await Rule.CheckAsync(
            App.Handler("var payment = new Payment { Step = step };\nawait http.SendAsync(payment.Request());")
                + """

                sealed class Payment
                {
                    public required Step Step { get; init; }

                    public HttpRequestMessage Request() => new(HttpMethod.Post, $"https://pay/{Step.IdempotencyKey}");
                }
                """
        );

    [Fact]
    public async Task Each_lambda_of_one_program_is_a_handler_of_its_own() =>
        await Rule.CheckAsync(
            """
            var app = WebApplication.Create();
            app.MapStep("a", (string m, Step step, HttpClient http) => http.PostAsync("https://pay/" + step.IdempotencyKey, null));
            app.MapStep("b", (string m, Step step, HttpClient http) => http.[|PostAsync|]("https://pay/", null));
            """
        );
}
