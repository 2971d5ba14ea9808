using Darq.Tests.Analyzers.Compiling;
using Xunit;
using Rule = Darq.Tests.Analyzers.Compiling.Rule<Darq.Analyzers.EscapedStepAnalyzer>;

namespace Darq.Tests.Analyzers;

public sealed class EscapedStepTests
{
    // What the bodies of the handlers below store steps in.
    private const string Places = """


        static class Kept
        {
            public static Step? Last;
            public static StepState? State { get; set; }
            public static object? Any;
            public static Step?[] Array = new Step?[1];
            public static List<Step> List = [];
            public static System.Collections.Concurrent.ConcurrentQueue<Func<Task>> Queue { get; } = new();
            public static System.Threading.Channels.Channel<StepState> Channel = System.Threading.Channels.Channel.CreateUnbounded<StepState>();
            public static System.Collections.Concurrent.ConcurrentDictionary<string, string> Ids { get; } = new();
            public static Func<Task>? Later;
            public static Task? Running;
            public static (Order, Step?) Pair;
            public static Context Context { get; } = new();
            public static event Action? Happened;
            public static void Happen() => Happened?.Invoke();
        }

        sealed class Context
        {
            public Step? Field;
            public Context? Inner;
            public Step? Step { get; set; }
            public event Action? Happened;
            public void Happen() => Happened?.Invoke();
        }

        static class Current
        {
            public static AsyncLocal<Step> Step { get; } = new();
        }

        static class Payments
        {
            public static Task PayAsync(this Step step, int amount) => Task.CompletedTask;
            public static void Deconstruct(this Step step, out object? first, out Step? second) => (first, second) = (null, null);
            public static ValueTask<int> CountAsync(StepState state) => default;
        }
        """;

    [Theory]
    [InlineData("Kept.Last = [|step|];", "'Kept.Last' keeps it")]
    [InlineData("Kept.Last ??= [|step|];", "'Kept.Last' keeps it")]
    [InlineData("Kept.State = [|step.State|];", "'Kept.State' keeps it")]
    [InlineData("Kept.Any = [|step|];", "'Kept.Any' keeps it")]
    [InlineData("Kept.Array[0] = [|step|];", "'Kept.Array[0]' keeps it")]
    [InlineData("var same = step;\nKept.Last = [|same|];", "'Kept.Last' keeps it")]
    [InlineData("Kept.List.Add([|step|]);", "'Kept.List' keeps it")]
    [InlineData("await Kept.Channel.Writer.WriteAsync([|step.State|]);", "'Kept.Channel.Writer' keeps it")]
    [InlineData("Kept.Later = async () => await [|step|].State.Get<int>(\"a\");", "'Kept.Later' keeps it")]
    [InlineData("Kept.Later += () => [|step|].PayAsync(1);", "'Kept.Later' keeps it")]
    [InlineData("Kept.Queue.Enqueue(() => [|step|].PayAsync(1));", "'Kept.Queue' keeps it")]
    [InlineData("Kept.Happened += () => [|step|].Emit(\"paid\", 1);", "'Kept.Happened' keeps it")]
    [InlineData("Kept.Later = [|PayAsync|];\nTask PayAsync() => step.PayAsync(1);", "'Kept.Later' keeps it")]
    [InlineData("Kept.Pair = (order, [|step|]);", "'Kept.Pair' keeps it")]
    [InlineData("Kept.Last = order.Amount > 0 ? [|step|] : null;", "'Kept.Last' keeps it")]
    [InlineData("Kept.Last = [|step|] ?? throw new InvalidOperationException();", "'Kept.Last' keeps it")]
    [InlineData("(Kept.Any, Kept.Last) = (order, [|step|]);", "'Kept.Last' keeps it")]
    [InlineData("Kept.Context.Step = [|step|];", "'Kept.Context.Step' keeps it")]
    [InlineData("Kept.Context?.Step = [|step|];", "'.Step' keeps it")]
    [InlineData("Kept.Context?.Inner?.Step = [|step|];", "'.Step' keeps it")]
    [InlineData("var context = Kept.Context;\ncontext.Step = [|step|];", "'context.Step' keeps it")]
    public async Task A_step_that_is_stored_is_reported(string body, string because) => await CheckAsync(body, because);

    [Theory]
    [InlineData("_ = Task.Run(() => [|step|].Emit(\"paid\", 1));", "nobody awaits 'Task.Run'")]
    [InlineData("_ = Task.Run(async () => { await Task.Yield(); [|step|].Emit(\"paid\", 1); });", "nobody awaits 'Task.Run'")]
    [InlineData("Task.Run(() => [|step|].Emit(\"paid\", 1));", "nobody awaits 'Task.Run'")]
    [InlineData("_ = Task.Run(() => [|step|].Emit(\"paid\", 1)).ContinueWith(_ => { });", "nobody awaits 'Task.Run'")]
    [InlineData("Kept.Running = Task.Run(() => [|step|].Emit(\"paid\", 1));", "nobody awaits 'Task.Run'")]
    [InlineData("_ = Task.Factory.StartNew(() => [|step|].Emit(\"paid\", 1));", "nobody awaits 'TaskFactory.StartNew'")]
    [InlineData("_ = Task.Run([|Pay|]);\nvoid Pay() => step.Emit(\"paid\", 1);", "nobody awaits 'Task.Run'")]
    [InlineData("_ = [|step|].PayAsync(1);", "nobody awaits 'Payments.PayAsync'")]
    [InlineData("_ = Payments.CountAsync([|step.State|]);", "nobody awaits 'Payments.CountAsync'")]
    [InlineData("_ = [|PayAsync|]();\nasync Task PayAsync() => await step.State.Get<int>(\"a\");", "nobody awaits 'PayAsync'")]
    [InlineData("_ = Task.WhenAll([|step|].PayAsync(1), Task.CompletedTask);", "nobody awaits 'Payments.PayAsync'")]
    [InlineData("_ = Task.WhenAll([[|step|].PayAsync(1)]);", "nobody awaits 'Payments.PayAsync'")]
    [InlineData("_ = Task.Run(() => [|PayAsync()|]);\nTask PayAsync() => step.PayAsync(1);", "nobody awaits 'Task.Run'")]
    [InlineData(
        "_ = [|AllAsync|]();\nasync Task AllAsync() => await PayAsync();\nTask PayAsync() => step.PayAsync(1);",
        "nobody awaits 'AllAsync'"
    )]
    [InlineData("Pay();\nasync void Pay() => await [|step|].PayAsync(1);", "nobody awaits an async void function")]
    [InlineData("Action<Step> pay = async [|s|] => await s.PayAsync(1);\npay(step);", "nobody awaits an async void function")]
    [InlineData("Pay(step);\nstatic async void Pay(Step [|s|]) => await s.PayAsync(1);", "nobody awaits an async void function")]
    [InlineData("new Thread(() => [|step|].Emit(\"paid\", 1)).Start();", "'Thread' goes on with it")]
    [InlineData("using var timer = new Timer(_ => [|step|].Emit(\"paid\", 1));", "'Timer' goes on with it")]
    [InlineData(
        "TimeProvider.System.CreateTimer(_ => [|step|].Emit(\"paid\", 1), null, default, default);",
        "'TimeProvider.CreateTimer' goes on with it"
    )]
    [InlineData("ThreadPool.QueueUserWorkItem(_ => [|step|].Emit(\"paid\", 1));", "'ThreadPool.QueueUserWorkItem' goes on with it")]
    [InlineData(
        "ThreadPool.QueueUserWorkItem(Pay, [|step|], false);\nvoid Pay(Step s) { }",
        "'ThreadPool.QueueUserWorkItem' goes on with it"
    )]
    [InlineData("new List<int>().ForEach(async i => await [|step|].State.Get<int>(\"a\"));", "nobody awaits an async void function")]
    public async Task A_step_that_something_else_goes_on_with_is_reported(string body, string because) => await CheckAsync(body, because);

    [Theory]
    [InlineData("var same = step;\nvar state = same.State;\nstate.Set(\"a\", 1);")]
    [InlineData("await step.PayAsync(1);")]
    [InlineData("await step.PayAsync(1).ConfigureAwait(false);")]
    [InlineData("await Task.Run(() => step.Emit(\"paid\", 1));")]
    [InlineData("var running = Task.Run(() => step.Emit(\"paid\", 1));\nawait running;")]
    [InlineData("await Task.WhenAll(step.PayAsync(1), Task.Run(() => step.Emit(\"paid\", 1)));")]
    [InlineData("Task.Run(() => step.Emit(\"paid\", 1)).Wait();")]
    [InlineData("_ = Task.Run(() => Kept.Last = null);")]
    [InlineData("new List<int>().ForEach(i => step.Emit(\"paid\", i));")]
    [InlineData("new List<int>().ForEach(async i => await Task.Yield());")]
    [InlineData("var mine = new List<Step>();\nmine.Add(step);")]
    [InlineData("var made = new Context { Step = step, Field = step };")]
    [InlineData("var made = new Context();\nmade.Step = step;\nmade?.Field = step;\nnew Context().Step = step;")]
    [InlineData("var made = new Context();\nmade.Happened += () => step.Emit(\"paid\", 1);\nmade.Happen();")]
    [InlineData("var mine = new Dictionary<string, Func<Task>>();\nmine[\"a\"] = () => step.PayAsync(1);\nawait mine[\"a\"]();")]
    [InlineData("var mine = new Dictionary<string, Task>();\nmine[\"a\"] = step.PayAsync(1);\nawait Task.WhenAll(mine.Values);")]
    [InlineData("var made = new Context();\nmade?.Inner?.Step = step;")]
    [InlineData("(Kept.Any, Kept.Array[0]) = step;")]
    [InlineData("(object a, Step b) = (order, step);\n(Kept.Any, _) = (order, step);")]
    [InlineData("var current = new AsyncLocal<Step>();\ncurrent.Value = step;")]
    [InlineData("Current.Step.Value = step;")]
    [InlineData("await Task.WhenAll(PayAsync(), PayAsync());\nasync Task PayAsync() { await PayAsync(); step.Emit(\"paid\", 1); }")]
    [InlineData("Kept.Any = step.MessageId;\nKept.Any = await step.State.Get<int>(\"a\");")]
    [InlineData("await PayAsync();\nasync Task PayAsync() => await step.State.Get<int>(\"a\");")]
    [InlineData("Func<Task> pay = () => step.PayAsync(1);\nawait pay();")]
    [InlineData("Kept.List.Contains(step);")]
    [InlineData("Kept.Ids.GetOrAdd(order.Id, id => step.MessageId);")]
    [InlineData("Kept.Happened -= () => step.Emit(\"paid\", 1);")]
    public async Task A_step_that_the_handler_itself_uses_is_not(string body) => await Rule.CheckAsync(App.Handler(body) + Places);

    [Fact]
    public async Task A_variable_outside_of_the_handler_keeps_the_step() =>
        await Rule.CheckAsync(
            """
            Step? last = null;
            var app = WebApplication.Create();
            app.MapStep("orders", (string order, Step step) =>
            {
                Step? mine = null;
                mine = step;
                last = [|step|];
                return Task.CompletedTask;
            });
            """
        );

    [Fact]
    public async Task A_field_of_a_handler_and_an_out_parameter_keep_the_step() =>
        await Rule.CheckAsync(
            """
            new object();
            sealed class Orders : IStepHandler<string>
            {
                private Step? _step;
                private static StepState? State;

                public Task HandleAsync(string message, Step step)
                {
                    _step = [|step|];
                    this._step = [|step|];
                    State = [|step.State|];
                    return Task.CompletedTask;
                }

                public static void Give(Step step, out Step? given) => given = [|step|];
            }
            """
        );

    [Fact]
    public async Task An_object_that_is_made_with_a_step_may_keep_it() =>
        await Rule.CheckAsync(
            """
            new object();
            sealed class Account
            {
                private static Step? Last;
                private readonly Step _step;
                private readonly Func<Task> _load;

                public Account(Step step)
                {
                    _step = step ?? throw new ArgumentNullException(nameof(step));
                    _load = () => step.State.Load("a");
                    State = step.State;
                    Last = [|step|];
                }

                public StepState State { get; }

                public void Replace(Step step) => Last = [|step|];
            }
            """
        );

    [Fact]
    public async Task A_variable_of_the_app_has_what_is_put_into_it() =>
        await Rule.CheckAsync(
            """
            var app = WebApplication.Create();
            var running = new Dictionary<string, Task>();
            app.MapStep("orders", (string order, Step step) =>
            {
                running[order] = Task.Run(() => [|step|].Emit("paid", order));
                return Task.CompletedTask;
            });
            """
        );

    [Fact]
    public async Task An_async_void_method_is_no_handler() =>
        await Rule.CheckAsync(
            """
            new object();
            static class Handlers
            {
                public static async void Handle(string message, Step [|step|]) => await step.State.Load(message);
            }
            """
        );

    [Fact]
    public async Task A_handler_with_functions_of_its_own_may_be_stored() =>
        await Rule.CheckAsync(
            """
            Handlers.Orders = (message, step) =>
            {
                return LoadAsync();
                Task LoadAsync() => step.State.Load(message);
            };

            static class Handlers
            {
                public static Func<string, Step, Task>? Orders;
            }
            """
        );

    [Fact]
    public async Task The_handler_itself_may_be_stored() =>
        await Rule.CheckAsync(
            """
            Handlers.Orders = async (message, step) => await step.State.Get<int>(message);
            Handlers.Orders = Handlers.HandleAsync;

            static class Handlers
            {
                public static Func<string, Step, Task>? Orders;

                public static Task HandleAsync(string message, Step step) => step.State.Load(message);
            }
            """
        );

    private static async Task CheckAsync(string body, string because)
    {
        var found = await Rule.CheckAsync(App.Handler(body) + Places);

        Assert.Equal($"The step is over when its handler returns, but {because}", Assert.Single(found).GetMessage());
    }
}
