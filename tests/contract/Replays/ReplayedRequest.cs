using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Darq.Component.Configuration;
using Darq.Tests.Contract.Recordings;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Darq.Tests.Contract.Replays;

/// <summary>Recorded requests as they are sent here: with texts that the recording cut short, and settings of our components.</summary>
internal sealed partial class ReplayedRequest(string redisHost, string @namespace, bool redisIsAway)
{
    public IMessage Of(MethodDescriptor method, string instance, JsonObject? message)
    {
        var restored = (JsonObject)RestoreNode(message)!;
        if (method.Name == "Init")
        {
            restored = new() { ["metadata"] = new JsonObject { ["properties"] = Properties(method.Service.Name, instance, restored) } };
        }

        return MessageJson.Parse(method.InputType, restored);
    }

    public static JsonObject Restore(JsonObject message) => (JsonObject)RestoreNode(message)!;

    /// <summary>
    /// What every Init says here: where the replay takes place, and delays that suit a test. A call that meets a silent Redis is to end
    /// soon; elsewhere a busy machine must not end one.
    /// </summary>
    public (string Key, string Value)[] Settings { get; } =
    [("redisHost", redisHost), ("namespace", @namespace), ("retryDelay", "10ms"), ("callTimeout", redisIsAway ? "1s" : "10s")];

    public string Namespace => @namespace;

    /// <summary>What was recorded, but for the words that stand for a setting of the recorded component alone.</summary>
    private JsonObject Properties(string service, string instance, JsonObject message)
    {
        var table = SettingTable.Of(Enum.Parse<ComponentService>(service));
        var properties = new JsonObject();
        foreach (var (name, value) in message["metadata"]?["properties"]?.AsObject() ?? [])
        {
            if (table.Find(name) is not null)
            {
                properties[name] = (string?)value;
            }
        }

        foreach (var (name, value) in Settings)
        {
            properties[name] = value;
        }

        if (service.EndsWith("Binding", StringComparison.Ordinal))
        {
            properties["topic"] = instance;
            properties["appID"] = "shop";
        }

        if (service == nameof(ComponentService.StateStore))
        {
            properties.Remove("retryDelay");
        }

        return properties;
    }

    private static JsonNode? RestoreNode(JsonNode? node) =>
        node switch
        {
            JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, RestoreNode(member.Value)))),
            JsonArray items => new JsonArray([.. items.Select(RestoreNode)]),
            JsonValue value when value.TryGetValue<string>(out var text) => RestoreText(text),
            null => new JsonObject(),
            _ => node.DeepClone(),
        };

    private static string RestoreText(string text) =>
        Cut().Match(text) is { Success: true } cut
            ? cut.Groups[1].Value.PadRight(int.Parse(cut.Groups[2].Value, CultureInfo.InvariantCulture), cut.Groups[1].Value[^1])
            : text;

    [GeneratedRegex("^(.+)… <([0-9]+) characters>$", RegexOptions.Singleline)]
    private static partial Regex Cut();
}
