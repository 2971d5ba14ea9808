using System.Globalization;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Data;

/// <summary>What a server says of itself. An answer that it refused is null, and its error is among the errors.</summary>
internal sealed record ServerFacts
{
    /// <summary>The values of INFO by name.</summary>
    public required IReadOnlyDictionary<string, string> Info { get; init; }

    /// <summary>Settings by name; null where CONFIG GET was refused.</summary>
    public IReadOnlyDictionary<string, string>? Config { get; init; }

    /// <summary>The values of CLUSTER INFO; null where it is no cluster, or the command was refused.</summary>
    public IReadOnlyDictionary<string, string>? Cluster { get; init; }

    public required ServerDescription Server { get; init; }

    /// <summary>The number of the database, as the command line gave it.</summary>
    public int Database { get; init; }

    /// <summary>Build of the function library there; null where it is not loaded, or could not be asked for.</summary>
    public int? LibraryBuild { get; init; }

    /// <summary>The server's wall clock in ms.</summary>
    public long NowMs { get; init; }

    /// <summary>The oldest world-line on record, which is the time in ms at which it began; 0 where there is none.</summary>
    public long OldestWorldLine { get; init; }

    /// <summary>What the doctor asked for and was refused: command and error.</summary>
    public IReadOnlyList<(string Command, string Error)> Errors { get; init; } = [];

    public string this[string name] => Info.GetValueOrDefault(name, "");

    public long Number(string name) =>
        long.TryParse(this[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>A setting, or empty where settings could not be read.</summary>
    public string Setting(string name) => Config?.GetValueOrDefault(name, "") ?? "";
}
