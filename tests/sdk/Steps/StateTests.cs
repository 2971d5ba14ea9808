using Dapr;
using Darq.Tests.Sdk.Fixtures;
using Xunit;

namespace Darq.Tests.Sdk.Steps;

/// <summary>What a step reads and writes, and what guards it.</summary>
public sealed class StateTests : IDisposable
{
    private readonly TestServices _sdk = new();

    private FakeSidecar Sidecar => _sdk.Sidecar;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_written_key_is_guarded_by_what_was_read_of_it()
    {
        Sidecar.Put("stock", "5");

        await _sdk.RunAsync(async step => step.State.Set("stock", await step.State.Get<int>("stock") - 2), Cancel);

        Assert.Equal(["+stock=3@1-1"], Sidecar.Transactions.Single().Written);
        Assert.Equal(TestServices.Token, Sidecar.Transactions.Single().Metadata["darq.token"]);
    }

    [Fact]
    public async Task A_key_that_was_read_as_absent_must_still_be()
    {
        await _sdk.RunAsync(async step => step.State.Set("seen", await step.State.Get<int?>("seen") ?? 1), Cancel);

        Assert.Equal(["+seen=1@absent"], Sidecar.Transactions.Single().Written);
    }

    [Fact]
    public async Task A_key_that_was_not_read_is_overwritten()
    {
        await _sdk.RunAsync(step => step.State.Set("last", "x"));

        Assert.Equal(["+last=\"x\"@"], Sidecar.Transactions.Single().Written);
    }

    [Fact]
    public async Task A_key_that_is_only_read_must_not_have_changed()
    {
        Sidecar.Put("limit", "10");

        await _sdk.RunAsync(async step => await step.State.Get<int>("limit"), Cancel);

        Assert.Equal("""[{"key":"limit","etag":"1-1"}]""", Sidecar.Transactions.Single().Metadata["darq.reads"]);
        Assert.Equal(["+darq-step=0@"], Sidecar.Transactions.Single().Written);
    }

    [Fact]
    public async Task A_delete_of_what_is_not_there_is_a_read()
    {
        await _sdk.RunAsync(
            async step =>
            {
                await step.State.Get<int?>("gone");
                step.State.Delete("gone");
            },
            Cancel
        );

        Assert.Equal("""[{"key":"gone","etag":"absent"}]""", Sidecar.Transactions.Single().Metadata["darq.reads"]);
    }

    [Fact]
    public async Task A_read_shows_what_the_step_wrote()
    {
        Sidecar.Put("a", "1");
        List<int?> seen = [];

        await _sdk.RunAsync(
            async step =>
            {
                step.State.Set("a", 2);
                seen.Add(await step.State.Get<int?>("a"));
                step.State.Delete("a");
                seen.Add(await step.State.Get<int?>("a"));
            },
            Cancel
        );

        Assert.Equal([2, null], seen);
        Assert.Equal(["-a@"], Sidecar.Transactions.Single().Written);
    }

    [Fact]
    public async Task Each_key_is_read_once_and_each_get_makes_an_object_of_its_own()
    {
        Sidecar.Put("list", "[1]");
        List<int>? second = null;

        await _sdk.RunAsync(
            async step =>
            {
                var first = await step.State.Get<List<int>>("list");
                first!.Add(2);
                second = await step.State.Get<List<int>>("list");
            },
            Cancel
        );

        Assert.Equal([1], second);
        Assert.Equal(["list"], Sidecar.Reads);
    }

    [Fact]
    public async Task What_was_loaded_is_not_read_again()
    {
        Sidecar.Put("a", "1");
        var sum = 0;

        await _sdk.RunAsync(
            async step =>
            {
                await step.State.Load("a", "b", "a");
                sum = await step.State.Get<int>("a") + await step.State.Get<int>("b");
            },
            Cancel
        );

        Assert.Equal(1, sum);
        Assert.Equal(["a", "b"], Sidecar.Reads);
    }

    [Fact]
    public async Task A_load_that_failed_may_be_tried_again()
    {
        Sidecar.Put("a", "1");
        Sidecar.ReadFailure = FakeSidecar.Failure("no answer");

        await _sdk.RunAsync(
            async step =>
            {
                await Assert.ThrowsAsync<DaprException>(() => step.State.Load("a", "b"));
                Sidecar.ReadFailure = null;
                await step.State.Load("a", "b");
                step.State.Set("c", await step.State.Get<int>("a"));
            },
            Cancel
        );

        Assert.Equal("""[{"key":"a","etag":"1-1"},{"key":"b","etag":"absent"}]""", Sidecar.Transactions.Single().Metadata["darq.reads"]);
    }

    [Fact]
    public async Task A_typed_key_is_the_key()
    {
        var key = new StateKey<int>("n");

        await _sdk.RunAsync(step => step.State.Set(key, 3, TimeSpan.FromMilliseconds(1500)));

        var operation = Sidecar.Transactions.Single().Operations.Single();
        Assert.Equal(("n", "2"), (operation.Key, operation.Metadata!["ttlInSeconds"]));
    }

    [Fact]
    public async Task A_read_without_an_answer_ends_with_its_name()
    {
        Sidecar.Hanging.Add("read");
        var one = _sdk.StartAsync(async step => await step.State.Get<int>("stock"), Cancel);
        var several = _sdk.StartAsync(step => step.State.Load("a", "b"), Cancel);
        _sdk.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(one.IsCompleted || several.IsCompleted);

        _sdk.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(
            [
                "The read of the state stock got no answer from the sidecar within 10 seconds.",
                "The read of the states a, b got no answer …",
            ],
            [
                (await Assert.ThrowsAsync<TimeoutException>(() => one)).Message,
                (await Assert.ThrowsAsync<TimeoutException>(() => several)).Message.Replace("from the sidecar within 10 seconds.", "…"),
            ]
        );
    }

    [Fact]
    public async Task A_read_never_outlives_the_deadline_of_its_handler()
    {
        Sidecar.Hanging.Add("read");
        _sdk.ProcessingTimeout = TimeSpan.FromSeconds(3);
        var run = _sdk.StartAsync(async step => await step.State.Get<int>("stock"), Cancel);

        _sdk.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(
            "The message m-1 of topic orders was not handled within its processing timeout, 00:00:03. "
                + "The read of the state stock had no answer yet.",
            (await Assert.ThrowsAsync<TimeoutException>(() => run)).Message
        );
    }

    [Fact]
    public async Task A_step_whose_read_failed_is_not_sent()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _sdk.RunAsync(
                async step =>
                {
                    Sidecar.ReadFailure = FakeSidecar.Failure("no");
                    try
                    {
                        await step.State.Get<int>("a");
                    }
                    catch (Dapr.DaprException)
                    {
                        step.State.Set("a", 1);
                    }
                },
                Cancel
            )
        );

        Assert.Contains("its read of the state a failed", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Sidecar.Transactions);
    }

    [Fact]
    public async Task A_read_that_succeeds_later_counts()
    {
        await _sdk.RunAsync(
            async step =>
            {
                Sidecar.ReadFailure = FakeSidecar.Failure("no");
                await Assert.ThrowsAsync<Dapr.DaprException>(async () => await step.State.Get<int?>("a"));
                Sidecar.ReadFailure = null;
                await step.State.Get<int?>("a");
            },
            Cancel
        );

        Assert.Single(Sidecar.Transactions);
    }

    [Fact]
    public async Task A_value_of_another_form_is_named_by_its_key()
    {
        Sidecar.Put("a", "\"secret\"");

        var other = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _sdk.RunAsync(async step => await step.State.Get<int>("a"), Cancel)
        );

        Assert.StartsWith("The state of key a has not the form of System.Int32", other.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", other.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a||b")]
    [InlineData("darq-step")]
    public async Task What_is_no_key_is_refused_at_once(string key) =>
        await Assert.ThrowsAnyAsync<ArgumentException>(() => _sdk.RunAsync(step => step.State.Set(key, 1)));

    [Fact]
    public async Task A_null_value_is_refused_with_the_way_out()
    {
        var refused = await Assert.ThrowsAsync<ArgumentNullException>(() => _sdk.RunAsync(step => step.State.Set<string?>("a", null)));

        Assert.Contains("State.Delete(\"a\")", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _sdk.Dispose();
}
