using System.Collections.Concurrent;

namespace Darq.Tests.Shared;

/// <summary>
/// Which server program the tests run: the one that DARQ_TEST_REDIS names, else the one that <c>tests/tools.sh</c> found on PATH or
/// unpacked into .tools/. Containers are the business of tests/containers: the other tests kill, pause and restart their server
/// on its files, as only its own process allows.
/// </summary>
internal static class TestRedis
{
    private const string Variable = "DARQ_TEST_REDIS";

    private static readonly ConcurrentDictionary<string, bool> Noted = new();

    /// <summary>The servers that were used so far, in words, for the line that each test project prints about them.</summary>
    public static IEnumerable<string> Used => Noted.Keys.Order(StringComparer.Ordinal);

    public static string Program(RedisProgram program)
    {
        var named = Environment.GetEnvironmentVariable(Variable);
        var (path, source) = program switch
        {
            RedisProgram.Valkey => (Tools.ValkeyServer, SourceOf(Tools.ValkeyServer)),
            _ when string.IsNullOrEmpty(named) => (Tools.RedisServer, SourceOf(Tools.RedisServer)),
            _ => (Checked(named), Variable),
        };
        Note($"{path} ({source})");
        return path;
    }

    public static void Note(string server) => Noted.TryAdd(server, true);

    private static string Checked(string path) =>
        File.Exists(path)
            ? Path.GetFullPath(path)
            : throw new InvalidOperationException($"{Variable} is '{path}'; accepted: the path of a redis-server or valkey-server");

    private static string SourceOf(string path) =>
        path.StartsWith(Repository.PathOf(".tools") + "/", StringComparison.Ordinal) ? ".tools" : "PATH";
}
