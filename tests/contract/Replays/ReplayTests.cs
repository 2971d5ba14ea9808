using System.Text.Json.Nodes;
using Darq.Tests.Contract.Recordings;
using Xunit;

namespace Darq.Tests.Contract.Replays;

/// <summary>Says to the real component what recorded sidecars said to theirs.</summary>
[Trait("Lane", "Slow")]
public sealed class ReplayTests(ReplayStage stage) : IClassFixture<ReplayStage>
{
    /// <summary>Where the recorded component died and came back: before the first line of a stream that was opened, or closed.</summary>
    private static readonly Dictionary<string, string> Deaths = new()
    {
        ["component-away-at-subscribe"] = "opened",
        ["component-restart"] = "closed",
        ["component-restart-health"] = "closed",
        ["component-restart-reload"] = "closed",
    };

    /// <summary>Scenarios in which no sidecar says anything to a component but asking for its services, each with the reason.</summary>
    private static readonly Dictionary<string, string> Silent = new()
    {
        ["start-podname"] = "the sidecar ends, because a setting needs the name of its pod",
        ["start-reflection-error"] = "the component's services are not found",
        ["start-reflection-error-ignored"] = "the component's services are not found, and errors are ignored",
        ["start-reflection-hangs"] = "the component's services are not found in time",
        ["start-unknown-type"] = "no component serves the type",
        ["start-version-2"] = "the sidecar knows no version v2",
    };

    private static IReadOnlyList<string> Listed { get; } = Scenario.Listed("component-only", "stand-in-first", "stand-in-second");

    public static TheoryData<string> Names => new(Listed.Where(name => !Silent.ContainsKey(name)));

    [Fact]
    public void Scenarios_left_out_are_those_in_which_nothing_is_said() =>
        Assert.Equal(Silent.Keys.Order(), Listed.Where(name => !Scenario.Load(name).Recorded.Any(IsSaidToComponent)).Order());

    [Theory]
    [MemberData(nameof(Names))]
    public Task Component_loses_nothing_and_doubles_nothing_with_a_sidecar_that_says_what_daprd_said(string scenario) =>
        ReplayAsync(Scenario.Load(scenario));

    [Theory]
    [InlineData("app-health-inflight")]
    [InlineData("deliver-http-bulk")]
    [InlineData("deliver-http-serial")]
    [InlineData("deliver-http-stop")]
    [InlineData("reload-inflight")]
    public Task Component_loses_nothing_and_doubles_nothing_with_a_sidecar_that_dispatches_concurrently(string scenario) =>
        ReplayAsync(Scenario.Load(scenario, "daprd-concurrent"));

    private static bool IsSaidToComponent(JsonObject line) =>
        (string?)line["to"] == "component" && (string?)line["call"] != "reflection.v1alpha";

    private async Task ReplayAsync(Scenario scenario)
    {
        var (faults, refusals) = await Replay.RunAsync(stage, scenario, Deaths.GetValueOrDefault(scenario.Name));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        // As one text, so that a difference is shown whole.
        Assert.Equal(
            string.Join('\n', ExpectedRefusals.Of(scenario.Name).Order(StringComparer.Ordinal)),
            string.Join('\n', refusals.Select(ExpectedRefusals.Shorten).Distinct().Order(StringComparer.Ordinal))
        );
    }
}
