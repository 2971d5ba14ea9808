using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract.Recordings;

/// <summary>What the stand-in does that no line between sidecar, component and app shows: its log and its end.</summary>
public sealed class StandInTests
{
    /// <summary>A subscription in other letters than the API's, a topic and a binding whose handlers fail and whose streams end.</summary>
    private const string Failing = """
        {
          "resources": {
            "1.yaml": {"apiVersion": "dapr.io/v1alpha1", "kind": "Component", "metadata": {"name": "ps"}, "spec": {"type": "pubsub.probe", "version": "v1"}},
            "2.yaml": {"apiVersion": "dapr.io/v1alpha1", "kind": "Component", "metadata": {"name": "work"}, "spec": {"type": "bindings.probe", "version": "v1", "metadata": [{"name": "direction", "value": "input"}]}}
          },
          "app": [
            {"on": "GET /dapr/subscribe", "status": 200, "body": [{"pubsubName": "ps", "Topic": "orders", "Routes": {"Default": "orders"}}]},
            {"on": "POST /orders", "status": 500, "body": "it broke"},
            {"on": "POST /work", "status": 503, "body": "it is busy"}
          ],
          "steps": [
            {"ready": "/v1.0/healthz"},
            {"push": "orders", "messages": [{"id": "1", "topic_name": "orders", "data": "{\"specversion\":\"1.0\",\"id\":\"e1\",\"source\":\"s\",\"type\":\"t\",\"data\":1}"}]},
            {"log": "level=warning msg=\"retriable error occurred: retriable error returned from app while processing pub/sub event e1, "},
            {"push": "work", "messages": [{"message_id": "w1", "data": "1"}]},
            {"log": "level=warning msg=\"error from app consumer for binding [work]: fails to send binding event to http app channel, status code: 503"},
            {"end": "orders"},
            {"end": "work"},
            {"log": "the stream of topic orders on ps has ended"},
            {"log": "the stream of input binding work has ended"},
            {"sidecar": "terminate"}
          ]
        }
        """;

    [Fact]
    public async Task Failing_handlers_are_logged_and_streams_that_ended_do_not_keep_it_from_a_clean_end()
    {
        Assert.SkipWhen(Sidecar.IsReal, "the words of its log about ended streams are the stand-in's own");

        var lines = await Play.RunAsync(Scenario.Of("failing", Failing));

        Assert.Equal(0, (int?)Assert.Single(lines, line => (string?)line["call"] == "exit")["code"]);
    }

    /// <summary>Two topics and a binding, and an app that may be called twice at once.</summary>
    private const string Limited = """
        {
          "arguments": ["--app-max-concurrency", "2"],
          "resources": {
            "1.yaml": {"apiVersion": "dapr.io/v1alpha1", "kind": "Component", "metadata": {"name": "ps"}, "spec": {"type": "pubsub.probe", "version": "v1"}},
            "2.yaml": {"apiVersion": "dapr.io/v1alpha1", "kind": "Component", "metadata": {"name": "work"}, "spec": {"type": "bindings.probe", "version": "v1", "metadata": [{"name": "direction", "value": "input"}]}}
          },
          "app": [
            {"on": "GET /dapr/subscribe", "status": 200, "body": [{"pubsubname": "ps", "topic": "a", "route": "a"}, {"pubsubname": "ps", "topic": "b", "route": "b"}]},
            {"on": "POST /a", "status": 200, "delayMs": 50},
            {"on": "POST /b", "status": 200, "delayMs": 50},
            {"on": "POST /work", "status": 200, "delayMs": 50}
          ],
          "steps": [
            {"ready": "/v1.0/healthz"},
            {"push": "a", "messages": [{"id": "a1", "topic_name": "a", "data": "{\"id\":\"1\"}"}, {"id": "a2", "topic_name": "a", "data": "{\"id\":\"2\"}"}]},
            {"push": "b", "messages": [{"id": "b1", "topic_name": "b", "data": "{\"id\":\"1\"}"}, {"id": "b2", "topic_name": "b", "data": "{\"id\":\"2\"}"}]},
            {"push": "work", "messages": [{"message_id": "1", "data": "1"}, {"message_id": "2", "data": "2"}, {"message_id": "3", "data": "3"}, {"message_id": "4", "data": "4"}]},
            {"wait": {"from": "app", "call": "POST /a"}, "count": 2},
            {"wait": {"from": "app", "call": "POST /b"}, "count": 2},
            {"wait": {"from": "app", "call": "POST /work"}, "count": 4}
          ]
        }
        """;

    [Fact]
    public async Task Calls_of_an_app_with_a_limit_are_counted_over_topics_and_bindings()
    {
        var lines = await Play.RunAsync(Scenario.Of("limited", Limited));

        var changes = lines
            .Where(line => ((string)line["call"]!).StartsWith("POST /", StringComparison.Ordinal))
            .Select(line => (string?)line["to"]);
        var underWay = 0;
        Assert.Equal(2, changes.Select(to => underWay += to == "app" ? 1 : -1).Max());
        Assert.Equal(0, underWay);
    }
}
