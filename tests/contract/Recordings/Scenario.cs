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

    public ComponentScript Component => ComponentScript.Of(_root);

    /// <summary>More components, by the names of their sockets.</summary>
    public IEnumerable<KeyValuePair<string, ComponentScript>> Others =>
        Object("others").Select(other => KeyValuePair.Create(other.Key, ComponentScript.Of(other.Value!.AsObject())));

    /// <summary>Files among the sockets that are none.</summary>
    public IEnumerable<string> PlainFiles => (_root["plainFiles"] as JsonArray ?? []).Select(name => (string)name!);

    /// <summary>More of the sidecar's flags.</summary>
    public IEnumerable<string> Arguments => (_root["arguments"] as JsonArray ?? []).Select(argument => (string)argument!);

    public IEnumerable<JsonObject> AppRules => Objects("app");

    public IEnumerable<JsonObject> Steps => Objects("steps");

    /// <summary>"http", "grpc", or "none" where there is no app.</summary>
    public string AppProtocol => (string?)_root["appProtocol"] ?? "http";

    public bool AppIsLate => (bool?)_root["appLate"] ?? false;

    /// <summary>
    /// How a sidecar must hand over messages for this scenario to hold ("serial", "bulk"), or null if it does not matter.
    /// </summary>
    public string? Dispatch => (string?)_root["dispatch"];

    public bool AllLinesAreOrdered => _root["ordered"] is JsonValue value && value.TryGetValue<bool>(out var all) && all;

    public bool AppLinesAreOrdered => _root["ordered"] is JsonValue value && value.TryGetValue<string>(out var who) && who == "app";

    /// <summary>The scenarios that the stand-in must answer.</summary>
    public static IReadOnlyList<string> Names { get; } = Listed("stand-in-first", "stand-in-second");

    /// <summary>The scenarios of some of the lists, each once.</summary>
    public static IReadOnlyList<string> Listed(params IEnumerable<string> lists) =>
        [
            .. lists
                .SelectMany(list =>
                    File.ReadAllText(Repository.PathOf("tests", "recordings", list))
                        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                )
                .Distinct(),
        ];

    /// <summary>The recordings of a daprd that hands over messages in another way are in a folder of their own.</summary>
    public static Scenario Load(string name, string version = "daprd-1.18.3")
    {
        var root = JsonNode.Parse(File.ReadAllText(Repository.PathOf("tests", "recordings", "scenarios", name + ".json")))!.AsObject();
        var lines = File.ReadAllLines(Repository.PathOf("tests", "recordings", version, name + ".jsonl"));
        return new(name, root, [.. lines.Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!.AsObject())]);
    }

    /// <summary>One that was not recorded, for what is not said on the wire.</summary>
    public static Scenario Of(string name, string json) => new(name, JsonNode.Parse(json)!.AsObject(), []);

    private JsonObject Object(string name) => _root[name] as JsonObject ?? [];

    private IEnumerable<JsonObject> Objects(string name) => (_root[name] as JsonArray ?? []).Select(item => item!.AsObject());
}

/// <summary>
/// How a scripted component answers, and what reflection lists, as short names: all component services where that is null.
/// </summary>
internal sealed record ComponentScript(IReadOnlyList<JsonObject> Rules, IReadOnlyList<string>? Services)
{
    public static ComponentScript Of(JsonObject script) =>
        new(
            [.. (script["component"] as JsonArray ?? []).Select(rule => rule!.AsObject())],
            script["services"] is JsonArray list ? [.. list.Select(name => (string)name!)] : null
        );
}
