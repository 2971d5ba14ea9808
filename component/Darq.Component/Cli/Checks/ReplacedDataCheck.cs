using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Checks;

/// <summary>
/// Whether components that worked with other data of a namespace may go on with these, which <c>repair --replaces</c> allows: after Redis
/// came back empty or from a backup, and another component was the first to connect.
/// </summary>
internal static class ReplacedDataCheck
{
    private const int IdentityLength = 32;

    /// <summary>How many are kept; a namespace is not replaced so often while a component lives.</summary>
    private const int MaxKept = 16;

    public static bool IsIdentity(string text) => text.Length == IdentityLength && text.All(char.IsAsciiHexDigitLower);

    /// <param name="key">The key of the namespace.</param>
    /// <param name="facts">What it says.</param>
    /// <param name="replaced">The identity of the data before; null where none was given.</param>
    public static IEnumerable<Finding> Judge(string key, NamespaceFacts facts, string? replaced)
    {
        string[] known = facts.Replaced?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (replaced is null || replaced == facts.Identity || known.Contains(replaced))
        {
            yield break;
        }

        if (facts.Identity.Length == 0)
        {
            yield return new(Severity.Error, "namespace", $"No data are here that could replace those of identity {replaced}.")
            {
                Key = key,
                Means = "It is another namespace or database than that of the components, or none of them has connected since.",
                Do = "Give --namespace and --redis-db as the component files have them",
            };
            yield break;
        }

        var change = new GuardedChange(
            [key],
            [Condition.Field(key, "id", facts.Identity), Condition.Field(key, "old", facts.Replaced)],
            [
                ["HSET", key, "old", string.Join(' ', known.Append(replaced).TakeLast(MaxKept))],
            ]
        );
        yield return new(Severity.Warning, "namespace", $"Components that worked with the data of identity {replaced} refuse these.")
        {
            Key = key,
            Field = "old",
            Means = "They answer MISCONFIGURED and deliver nothing.",
            Do = "",
            Repair = new("lets them go on with these data within five seconds; what they knew of the others they drop", key, change),
        };
    }
}
