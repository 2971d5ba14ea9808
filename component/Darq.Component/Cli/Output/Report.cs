using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Reading;

namespace Darq.Component.Cli.Output;

/// <summary>The outcome of one look.</summary>
/// <param name="Address">Where Redis is.</param>
/// <param name="Namespace">Whose keys were looked at.</param>
/// <param name="Server">What the server said.</param>
/// <param name="Partitions">How many partitions were looked at; null where the namespace could not be entered.</param>
/// <param name="Keys">How many keys lie in them.</param>
/// <param name="Findings">What was found.</param>
/// <param name="Scope">What a repair goes on with; null as above.</param>
internal sealed record Report(
    string Address,
    string Namespace,
    ServerFacts Server,
    int? Partitions,
    long Keys,
    FindingList Findings,
    NamespaceScope? Scope
)
{
    /// <summary>What was looked at, as names and values.</summary>
    public IEnumerable<(string Name, string Value)> Summary()
    {
        var server = Server.Server;
        yield return ("server", $"{server.Product} {server.Version} at {Address}");
        yield return ("role", server.Role == "slave" ? "replica" : "primary");
        yield return ("database", $"{Server.Database}");
        yield return ("persistence", server.AppendOnly ? Appending() : "no append-only file");
        yield return (
            "library",
            Server.LibraryBuild is { } build ? $"{Engine.Redis.FunctionLibrary.Version}, build {build}" : "not loaded"
        );
        yield return ("namespace", Namespace);
        yield return ("partitions", Partitions is { } count ? $"{count}" : "unknown");
        yield return ("keys", Partitions is null ? "not looked at" : $"{Keys}");
    }

    private string Appending() =>
        Server.Setting("appendfsync") is { Length: > 0 } fsync ? $"append-only file, appendfsync {fsync}" : "append-only file";
}
