using System.Text.Json.Nodes;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract.Recordings;

/// <summary>
/// The route rules of <c>tests/recordings/probes/rules.jsonl</c>, each with what daprd 1.18.3 makes of it: <c>true</c> or <c>false</c>,
/// <c>EVAL</c> and the error for each message, <c>NOTBOOL</c>, <c>DECODE</c> where it refuses the rule, <c>HANG</c> where it reads for
/// ever.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class RouteRuleTests
{
    private static readonly JsonObject[] Rules =
    [
        .. File.ReadLines(Repository.PathOf("tests", "recordings", "probes", "rules.jsonl"))
            .Select(line => JsonNode.Parse(line)!.AsObject()),
    ];

    [Fact]
    public async Task Rules_choose_the_routes_that_daprd_chooses_and_fail_where_it_fails()
    {
        var rules = Rules.Where(rule => Kind(rule) is not ("DECODE" or "HANG")).ToArray();
        JsonObject[] steps =
        [
            new() { ["ready"] = "/v1.0/healthz" },
            .. rules.Select(rule => new JsonObject { ["push"] = Name(rule), ["messages"] = new JsonArray(Message(rule)) }),
            .. rules.Select(rule =>
                Wait(
                    new()
                    {
                        ["stream"] = Name(rule),
                        ["message"] = new JsonObject { ["ack_message_id"] = Name(rule) },
                    }
                )
            ),
        ];

        var lines = await Play.RunAsync(Scenario.Of("rules", Scripted(rules, steps)));

        Assert.Equal(rules.Select(rule => $"{Name(rule)}: {Expected(rule)}"), rules.Select(rule => $"{Name(rule)}: {Seen(rule, lines)}"));
    }

    [Fact]
    public async Task Rule_that_cannot_be_read_takes_all_subscriptions_of_the_app_with_it()
    {
        foreach (var rule in Rules.Where(rule => Kind(rule) == "DECODE"))
        {
            var good = Rules.First(other => Kind(other) == "true");
            JsonObject[] steps = [new() { ["ready"] = "/v1.0/healthz" }, new() { ["settle"] = 500 }];

            var lines = await Play.RunAsync(Scenario.Of("unreadable rule", Scripted([good, rule], steps)));

            Assert.Contains(lines, line => (string?)line["call"] == "GET /dapr/subscribe");
            Assert.DoesNotContain(lines, line => (string?)line["call"] == "PubSub/PullMessages");
        }
    }

    [Fact]
    public async Task Rule_that_daprd_never_finishes_reading_ends_the_stand_in()
    {
        Assert.SkipWhen(Sidecar.IsReal, "a real daprd reads on for ever");
        foreach (var rule in Rules.Where(rule => Kind(rule) == "HANG"))
        {
            JsonObject[] steps = [new() { ["sidecar"] = "wait" }];

            var lines = await Play.RunAsync(Scenario.Of("endless rule", Scripted([rule], steps)));

            Assert.Equal(1, (int?)Assert.Single(lines, line => (string?)line["call"] == "exit")["code"]);
        }
    }

    private static string Name(JsonObject rule) => (string)rule["name"]!;

    private static string Kind(JsonObject rule) => ((string)rule["daprd"]!).Split(' ')[0];

    /// <summary>What daprd says of a result that is no bool names a type of Go's, which no sidecar shows.</summary>
    private static string Expected(JsonObject rule) => Kind(rule) == "NOTBOOL" ? "NOTBOOL" : (string)rule["daprd"]!;

    private static string Seen(JsonObject rule, IReadOnlyList<JsonObject> lines)
    {
        var error = (string?)
            lines.Last(line => (string?)line["message"]?["ack_message_id"] == Name(rule))["message"]!["ack_error"]?["message"];
        if (error is not null)
        {
            return error.EndsWith("was not a boolean", StringComparison.Ordinal) ? "NOTBOOL" : "EVAL " + error;
        }

        var delivery = Assert.Single(
            lines,
            line => (string?)line["to"] == "app" && ((string?)line["body"])!.Contains($"\"id\":\"{Name(rule)}\"", StringComparison.Ordinal)
        );
        return (string?)delivery["call"] == "POST /yes" ? "true" : "false";
    }

    private static JsonObject Message(JsonObject rule)
    {
        var data = new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = Name(rule),
            ["source"] = "test",
            ["type"] = "t",
            ["time"] = "2026-01-01T00:00:00Z",
            ["myext"] = "v",
            ["data"] = rule["data"]!.DeepClone(),
        };
        return new()
        {
            ["id"] = Name(rule),
            ["topic_name"] = Name(rule),
            ["data"] = data.ToJsonString(),
        };
    }

    private static JsonObject Wait(JsonObject line)
    {
        line["to"] = "component";
        return new() { ["wait"] = line };
    }

    /// <summary>An app that subscribes to a topic for each rule, which leads to /yes where it holds and to /no where not.</summary>
    private static string Scripted(IEnumerable<JsonObject> rules, IEnumerable<JsonObject> steps)
    {
        var subscriptions = rules.Select(rule => new JsonObject
        {
            ["pubsubname"] = "ps",
            ["topic"] = Name(rule),
            ["routes"] = new JsonObject
            {
                ["rules"] = new JsonArray(new JsonObject { ["match"] = (string)rule["rule"]!, ["path"] = "/yes" }),
                ["default"] = "/no",
            },
        });
        var scenario = JsonNode.Parse(
            """
            {
              "resources": {
                "1.yaml": {"apiVersion": "dapr.io/v1alpha1", "kind": "Component", "metadata": {"name": "ps"}, "spec": {"type": "pubsub.probe", "version": "v1"}}
              },
              "app": [{"on": "POST /yes", "status": 200}, {"on": "POST /no", "status": 200}]
            }
            """
        )!;
        scenario["app"]!
            .AsArray()
            .Add(
                new JsonObject
                {
                    ["on"] = "GET /dapr/subscribe",
                    ["status"] = 200,
                    ["body"] = new JsonArray([.. subscriptions]),
                }
            );
        scenario["steps"] = new JsonArray([.. steps]);
        return scenario.ToJsonString();
    }
}
