using Darq.Analyzers;
using Darq.Tests.Analyzers.Compiling;
using Xunit;
using Rule = Darq.Tests.Analyzers.Compiling.Rule<Darq.Analyzers.UnawaitedReadAnalyzer>;

namespace Darq.Tests.Analyzers;

public sealed class UnawaitedReadTests
{
    [Theory]
    [InlineData("[|step.State.Get<int>(\"a\")|];")]
    [InlineData("[|step.State.Get(new StateKey<int>(\"a\"))|];")]
    [InlineData("_ = [|step.State.Get<int>(\"a\")|];")]
    [InlineData("[|step.State.Load(\"a\", \"b\")|];")]
    [InlineData("_ = [|step.State.Load(\"a\")|];")]
    [InlineData("_ = [|step.State.Load(\"a\")|].ConfigureAwait(false);")]
    [InlineData("_ = step?[|.State.Load(\"a\")|];")]
    [InlineData("_ = Task.WhenAll([|step.State.Load(\"a\")|], [|step.State.Load(\"b\")|]);")]
    [InlineData("_ = Task.WhenAll([[|step.State.Get<int>(\"a\")|].AsTask()]);")]
    [InlineData("Action read = () => [|step.State.Load(\"a\")|];")]
    public async Task A_read_whose_task_is_thrown_away_is_reported(string body) => await Rule.CheckAsync(App.Handler(body));

    [Theory]
    [InlineData("await step.State.Get<int>(\"a\");")]
    [InlineData("_ = await step.State.Get<int>(\"a\");")]
    [InlineData("await step.State.Load(\"a\").ConfigureAwait(false);")]
    [InlineData("var reading = step.State.Get<int>(\"a\"); await reading;")]
    [InlineData("await Task.WhenAll(step.State.Load(\"a\"), step.State.Load(\"b\"));")]
    [InlineData("Func<Task> read = () => step.State.Load(\"a\"); await read();")]
    [InlineData("step.State.Load(\"a\").Wait();")]
    [InlineData("step.State.Set(\"a\", 1); step.State.Delete(\"b\"); step.Emit(\"paid\", 1);")]
    [InlineData("dapr.GetStateAsync<int>(\"ledger\", \"a\");")]
    public async Task Another_call_is_not(string body) => await Rule.CheckAsync(App.Handler(body));

    [Theory]
    [InlineData("step.State.Get<int>(\"a\");", "await step.State.Get<int>(\"a\");")]
    [InlineData("// Reads.\n_ = step.State.Load(\"a\"); // All.", "// Reads.\nawait step.State.Load(\"a\"); // All.")]
    [InlineData("_ = Task.WhenAll(step.State.Load(\"a\"));", "await Task.WhenAll(step.State.Load(\"a\"));")]
    [InlineData("_ = step.State.Load(\"a\").ConfigureAwait(false);", "await step.State.Load(\"a\").ConfigureAwait(false);")]
    [InlineData("Func<Task> read = async () => step.State.Load(\"a\");", "Func<Task> read = async () => await step.State.Load(\"a\");")]
    public async Task The_fix_awaits_it(string before, string after) =>
        await Rule.FixAsync<UnawaitedReadFix>(App.Handler(before), App.Handler(after));

    [Theory]
    [InlineData("_ = step?.State.Load(\"a\");")]
    [InlineData("Action read = () => step.State.Load(\"a\");")]
    [InlineData("lock (order) { step.State.Load(\"a\"); }")]
    public async Task No_fix_is_offered_that_would_not_compile(string body) => await Rule.NoFixAsync<UnawaitedReadFix>(App.Handler(body));

    [Fact]
    public async Task All_are_fixed_at_once() =>
        await Rule.FixAllAsync<UnawaitedReadFix>(
            App.Handler(
                """
                step.State.Load("a");
                _ = step.State.Get<int>("a");
                _ = Task.WhenAll(step.State.Load("b"), step.State.Load("c"));
                """
            ),
            App.Handler(
                """
                await step.State.Load("a");
                await step.State.Get<int>("a");
                await Task.WhenAll(step.State.Load("b"), step.State.Load("c"));
                """
            )
        );
}
