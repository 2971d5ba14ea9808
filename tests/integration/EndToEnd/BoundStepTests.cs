using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>Steps as JSON through a sidecar, over plain HTTP: as the answer to a delivery, and as an operation of the binding.</summary>
[Trait("Lane", "Slow")]
public sealed class BoundStepTests : PodTests
{
    [Fact]
    public async Task The_answer_to_a_delivery_takes_effect_once_however_often_the_message_is_published()
    {
        App.Worker = (data, _) =>
            new
            {
                state = new[]
                {
                    new
                    {
                        op = "upsert",
                        key = $"work-{data.GetProperty("n").GetInt32()}",
                        value = data,
                    },
                },
                emit = new[]
                {
                    new
                    {
                        topic = "orders",
                        data,
                        key = "receipts",
                    },
                },
            };
        for (var n = 0; n < 20; n++)
        {
            await Pod.PublishPatientlyAsync("work", $"w{n}", new { n });
            await Pod.PublishPatientlyAsync("work", $"w{n}", new { n });
        }

        await Eventually.TrueAsync(() => Task.FromResult(App.Handled.Count >= 20), Patience, "the steps of all messages took effect");
        var handled = App.Handled.Select(data => JsonDocument.Parse(data).RootElement.GetProperty("n").GetInt32()).Order();
        Assert.Equal(Enumerable.Range(0, 20), handled);
        // The state API finds under its own key what the step wrote.
        Assert.Equal("""{"n":7}""", await Pod.ReadAsync("work-7"));
    }

    [Fact]
    public async Task A_step_answered_with_an_etag_that_is_old_is_answered_again_until_it_holds()
    {
        var answers = 0;
        await Pod.SaveAsync("limit", 100);
        var etag = await ETagAsync("limit");
        App.Worker = (_, _) =>
            new
            {
                // The first answer relies on an absence that is not so.
                reads = new[] { new { key = "limit", etag = Interlocked.Increment(ref answers) == 1 ? "" : etag } },
                state = new[]
                {
                    new
                    {
                        op = "upsert",
                        key = "spent",
                        value = answers,
                    },
                },
            };
        await Pod.PublishPatientlyAsync("work", "w", new { n = 1 });

        await Eventually.TrueAsync(async () => await Pod.ReadAsync("spent") == "2", Patience, "the second answer took effect");
    }

    [Fact]
    public async Task AnApp_is_told_what_became_of_the_step_that_it_invoked()
    {
        object Step(int value) =>
            new
            {
                id = "open-alice",
                state = new[]
                {
                    new
                    {
                        op = "upsert",
                        key = "alice",
                        value,
                    },
                },
            };

        var (first, second) = (await Pod.StepAsync(Step(1)), await Pod.StepAsync(Step(2)));
        var conflict = await Pod.StepAsync(
            new
            {
                state = new[]
                {
                    new
                    {
                        op = "delete",
                        key = "alice",
                        etag = "1-1",
                    },
                },
            }
        );

        Assert.Equal(("OK", "DUPLICATE", "CONFLICT"), (Outcome(first), Outcome(second), Outcome(conflict)));
        Assert.Equal("alice", conflict.GetProperty("conflicts")[0].GetString());
        Assert.Equal("1", await Pod.ReadAsync("alice"));
    }

    [Fact]
    public async Task A_handler_of_a_subscription_does_its_step_through_the_binding()
    {
        var outcome = new TaskCompletionSource<string>();
        App.Handler = async (data, token) =>
        {
            outcome.TrySetResult(
                Outcome(
                    await Pod.StepAsync(
                        new
                        {
                            consume = new[] { token },
                            state = new[]
                            {
                                new
                                {
                                    op = "upsert",
                                    key = "order",
                                    value = data,
                                },
                            },
                        }
                    )
                )
            );
            return 200;
        };
        await Pod.PublishPatientlyAsync("orders", "o1", new { n = 1 });

        Assert.Equal("OK", await outcome.Task.WaitAsync(Patience));
        Assert.Equal("""{"n":1}""", await Pod.ReadAsync("order"));
    }

    [Fact]
    public async Task A_faulty_step_is_a_500_that_names_the_field()
    {
        using var answer = await Pod.Sidecar.Http.PostAsJsonAsync(
            "v1.0/bindings/work",
            new { operation = "step", data = new { stat = Array.Empty<int>() } }
        );

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("INVALID: stat ", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static string Outcome(JsonElement answer) => answer.GetProperty("outcome").GetString()!;

    private async Task<string> ETagAsync(string key)
    {
        using var answer = await Pod.Sidecar.Http.GetAsync(new Uri($"v1.0/state/ledger/{key}", UriKind.Relative));
        return answer.Headers.GetValues("ETag").Single().Trim('"');
    }
}
