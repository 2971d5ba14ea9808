using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Configuration;
using Darq.Engine.Connection;

namespace Darq.Component.Cli.Checks;

/// <summary>The key that says what a namespace is: its partitions, format and identity.</summary>
internal static class NamespaceCheck
{
    /// <param name="name">The namespace.</param>
    /// <param name="type">The type of the key, as TYPE says.</param>
    /// <param name="facts">What it says.</param>
    /// <param name="given">The number of partitions on the command line.</param>
    public static IEnumerable<Finding> Judge(string name, string type, NamespaceFacts facts, int? given)
    {
        var key = $"{{{name}}}:ns";
        if (type == "none")
        {
            yield return new(Severity.Note, "namespace", $"The namespace '{name}' does not exist.")
            {
                Key = key,
                Means = "No component has connected to it in this database.",
                Do = "Check --namespace and --redis-db, or start a component",
            };
            yield break;
        }

        if (type != "hash")
        {
            yield return Of(key, null, $"The key of the namespace is a {type}, not a hash.") with
            {
                Means = "No component can connect.",
                Do =
                    $"RENAME it; then HSET {key} p NUMBER f {Handshake.Format} id (field id of a key that ends in :m)",
            };
            yield break;
        }

        if (facts.Format != Handshake.Format)
        {
            yield return Of(key, "f", $"The data format is {SettingValues.Show(facts.Format)}; this version has {Handshake.Format}.") with
            {
                Means = "No component of this version reads the data, and what is found below may be wrong.",
                Do = "Use the darq of the version that wrote the data, or another namespace",
            };
        }

        if (facts.Partitions is null)
        {
            yield return Of(key, "p", "The number of partitions is missing or damaged.") with
            {
                Means = "No component can connect.",
                Do = $"Count the partitions (keys that end in :m), then HSET {key} p NUMBER",
            };
        }
        else if (given is not null && given != facts.Partitions)
        {
            yield return Of(key, "p", $"The namespace has {facts.Partitions} partitions; --partitions says {given}.") with
            {
                Means = "A component with that setting is refused.",
                Do = $"Set partitions to {facts.Partitions}",
            };
        }

        if (facts.Identity.Length == 0)
        {
            yield return Of(key, "id", "The identity of the namespace is missing.") with
            {
                Means = "Components that were connected are refused: their data seem to have been replaced.",
                Do = $"HSET {key} id (field id of a key that ends in :m)",
            };
        }
    }

    private static Finding Of(string key, string? field, string what) =>
        new(Severity.Error, "namespace", what)
        {
            Key = key,
            Field = field,
            Means = "",
            Do = "",
        };
}
