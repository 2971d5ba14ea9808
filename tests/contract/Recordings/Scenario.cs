using System.Text.Json.Nodes;
using Darq.Tests.Shared;

namespace Darq.Tests.Contract.Recordings;

/// <summary>
/// One recorded scenario: what is set up, what component and app answer, what the driver does, and the lines that a real daprd said.
/// The files under <c>tests/recordings</c> are data; how a sidecar must treat them is decided here.
/// </summary>
internal sealed class Scenario
{
    private readonly JsonObject _root;

    private Scenario(string name, JsonObject root, JsonObject[] recorded) => (Name, _root, Recorded) = (name, root, recorded);

    public string Name { get; }

    public JsonObject[] Recorded { get; }

    public IEnumerable<KeyValuePair<string, JsonNode?>> Resources => Object("resources");

    public IEnumerable<KeyValuePair<string, JsonNode?>> Environment => Object("env");

    public IEnumerable<JsonObject> ComponentRules => Objects("component");

    public IEnumerable<JsonObject> AppRules => Objects("app");

    public IEnumerable<JsonObject> Steps => Objects("steps");

    public bool HasApp => (string?)_root["appProtocol"] != "none";

    public bool AppIsLate => (bool?)_root["appLate"] ?? false;

    /// <summary>What reflection lists, as short names; all component services if the scenario does not say.</summary>
    public IReadOnlyList<string>? Services => _root["services"] is JsonArray list ? [.. list.Select(name => (string)name!)] : null;

    /// <summary>How a sidecar must hand over messages for this scenario to hold ("serial"), or null if it does not matter.</summary>
    public string? Dispatch => (string?)_root["dispatch"];

    public bool AllLinesAreOrdered => _root["ordered"] is JsonValue value && value.TryGetValue<bool>(out var all) && all;

    public bool AppLinesAreOrdered => _root["ordered"] is JsonValue value && value.TryGetValue<string>(out var who) && who == "app";

    public static IReadOnlyList<string> Names { get; } =
    [
        .. new[] { "stand-in-first", "stand-in-second" }.SelectMany(list =>
            File.ReadAllText(Repository.PathOf("tests", "recordings", list)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        ),
    ];

    public static Scenario Load(string name)
    {
        var root = JsonNode.Parse(File.ReadAllText(Repository.PathOf("tests", "recordings", "scenarios", name + ".json")))!.AsObject();
        var lines = File.ReadAllLines(Repository.PathOf("tests", "recordings", "daprd-1.18.3", name + ".jsonl"));
        return new(name, root, [.. lines.Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!.AsObject())]);
    }

    /// <summary>One that was not recorded, for what is not said on the wire.</summary>
    public static Scenario Of(string name, string json) => new(name, JsonNode.Parse(json)!.AsObject(), []);

    private JsonObject Object(string name) => _root[name] as JsonObject ?? [];

    private IEnumerable<JsonObject> Objects(string name) => (_root[name] as JsonArray ?? []).Select(item => item!.AsObject());
}
