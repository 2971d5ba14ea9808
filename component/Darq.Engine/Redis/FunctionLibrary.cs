using System.Reflection;
using System.Text;

namespace Darq.Engine.Redis;

/// <summary>
/// The function library, assembled from the .lua files beside their callers. Its name and its functions' names carry the protocol
/// version, so that versions coexist in one server.
/// </summary>
internal static class FunctionLibrary
{
    public const string Version = "darq2";

    /// <summary>
    /// Rises with every change of the code under one protocol version; a handshake replaces a lower one in the server.
    /// tests/unit/Redis/library-builds.txt has the digest of each, so that no change is forgotten.
    /// </summary>
    public const int Build = 9;

    // In the order of use: a file sees the tables of the files before it, and fills its own.
    private static readonly string[] Files =
    [
        "Connection/partition.lua",
        "Connection/recover.lua",
        "Batching/batch.lua",
        "Publishing/buckets.lua",
        "Publishing/append.lua",
        "Publishing/publish.lua",
        "Subscriptions/lane.lua",
        "Subscriptions/Acks/ack.lua",
        "Subscriptions/Retries/retry.lua",
        "Subscriptions/Ownership/claim.lua",
        "Subscriptions/Ownership/members.lua",
        "State/state.lua",
        "Steps/step.lua",
        "Redis/register.lua",
    ];

    public static string Code { get; } = Assemble();

    public static string Function(string name) => $"{Version}_{name}";

    private static string Assemble() =>
        $$"""
            #!lua name={{Version}}
            local VERSION, BUILD = '{{Version}}', {{Build}}
            local headers, partitions, requests, buckets, topics, lanes, state = {}, {}, {}, {}, {}, {}, {}
            {{string.Concat(Files.Select(file => Text(file) + "\n"))}}
            """;

    private static string Text(string file)
    {
        using var stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The function library lacks {file}.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
