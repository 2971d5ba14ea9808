using System.Text.Json.Nodes;

namespace Darq.Tests.Contract.Recordings;

/// <summary>Scripted answers: the first rule that fits the call and is not used up.</summary>
internal sealed class AnswerRules(IEnumerable<JsonObject> rules)
{
    private readonly Lock _lock = new();
    private readonly List<Rule> _rules = [.. rules.Select(rule => new Rule(rule))];

    /// <summary>The rule's content, or an empty object for a call that no rule fits.</summary>
    public JsonObject? Find(string call, JsonObject content)
    {
        lock (_lock)
        {
            var found = _rules.Find(rule =>
                rule.Left != 0
                && (string?)rule.Content["on"] == call
                && Transcript.IsWithin(rule.Content["when"] ?? new JsonObject(), content)
            );
            if (found is not null && found.Left > 0)
            {
                found.Left--;
            }

            return found?.Content;
        }
    }

    public static TimeSpan DelayOf(JsonObject? rule) => TimeSpan.FromMilliseconds((int?)rule?["delayMs"] ?? 0);

    private sealed class Rule(JsonObject content)
    {
        public JsonObject Content { get; } = content;

        /// <summary>How often it may still answer; negative without a limit.</summary>
        public int Left { get; set; } = (int?)content["times"] ?? -1;
    }
}
