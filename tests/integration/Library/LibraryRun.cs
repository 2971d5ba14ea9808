using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Library;

/// <summary>One server for the tests of a class; each test works in a namespace of its own.</summary>
public sealed class LibraryServer : IAsyncLifetime
{
    private int _namespaces;

    internal RedisServer Redis { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await Redis.DisposeAsync();

    /// <summary>A namespace whose partitions are recovered.</summary>
    internal async Task<LibraryRun> RunAsync()
    {
        var run = await LibraryRun.StartAsync(Redis.Port, $"n{Interlocked.Increment(ref _namespaces)}");
        await run.RecoverAsync();
        return run;
    }
}

/// <summary>
/// The function library on a real server, called with plain arguments as its headers describe them. Any other command goes
/// through a function of the test's own, because the seam has calls of functions only.
/// </summary>
internal sealed class LibraryRun : IAsyncDisposable
{
    public const int Partitions = 2;

    private const string Probe =
        "#!lua name=probe\nredis.register_function('probe', function(_, args) return redis.call(unpack(args)) end)\n";

    private readonly RedisClient _redis;
    private readonly string _version;

    private LibraryRun(RedisClient redis, string name, string version) => (_redis, Name, _version) = (redis, name, version);

    public string Name { get; }

    public static async Task<LibraryRun> StartAsync(int port, string name, int database = 0, string version = FunctionLibrary.Version)
    {
        var options = new Darq.Engine.Redis.RedisOptions
        {
            Host = "127.0.0.1",
            Port = port,
            Database = database,
            CallTimeout = TimeSpan.FromSeconds(20),
        };
        var redis = new RedisClient(options, TimeProvider.System);
        var code = FunctionLibrary
            .Code.Replace($"name={FunctionLibrary.Version}\n", $"name={version}\n", StringComparison.Ordinal)
            .Replace($"'{FunctionLibrary.Version}'", $"'{version}'", StringComparison.Ordinal);
        await redis.LoadLibraryAsync(code, replace: false, default);
        await redis.LoadLibraryAsync(Probe, replace: false, default);
        return new(redis, name, version);
    }

    public string Key(int partition, string suffix) => $"{{{Name}:{partition}}}:{suffix}";

    public string[] Marks => [.. Enumerable.Range(0, Partitions).Select(p => Key(p, "m"))];

    public async Task<RedisReply> CallAsync(string function, string[] keys, params object[] arguments) =>
        await _redis.CallAsync(new($"{_version}_{function}", keys, [.. arguments.Select(Argument)]), default);

    /// <summary>One command; its reply as text, lists with commas.</summary>
    public async Task<string> CommandAsync(params object[] words) =>
        Text(await _redis.CallAsync(new("probe", [], [.. words.Select(Argument)]), default));

    public async Task<string[]> RecoverAsync(string identity = "me", long highest = 0, string format = "1") =>
        Words(await CallAsync("recover", Marks, identity, format, highest));

    public async Task<string> OpenAsync(string session = "s1", long lifeMs = 60_000) =>
        Text(await CallAsync("open", [Key(0, $"c:{session}"), Key(0, "m")], lifeMs));

    /// <summary>Sends a batch; the reply line by line. Places are 1 for partition 0 and 2 for partition 1.</summary>
    public async Task<string[]> BatchAsync(string session, long number, params object[][] requests) =>
        Text(
                await CallAsync(
                    "batch",
                    [Key(0, $"c:{session}"), .. Marks],
                    [number, 0, 60_000, requests.Length, .. requests.SelectMany(Counted)]
                )
            )
            .Split('\n');

    public async Task<string[]> ClaimAsync(
        string what,
        string session,
        string argument = "",
        string group = "g",
        string topic = "t",
        long highest = 0
    ) => Words(await CallAsync("claim", [Key(0, "m")], what, session, group, topic, highest, argument));

    public static object[] Publish(params object[][] appends) => PublishAs("", appends);

    public static object[] PublishAs(string repetition, params object[][] appends) =>
        ["publish", repetition, 60_000, appends.Length, .. appends.SelectMany(append => append)];

    public static object[] Bare(string repetition, string[] data, long maxBacklog = 1000) =>
        ["bare", repetition, 60_000, 1, "t", maxBacklog, data.Length, .. data];

    public static object[] Write(object[] operation) => ["write", .. operation];

    public static object[] Append(
        string topic = "t",
        string id = "",
        string kind = "d",
        long windowMs = 60_000,
        string data = "x",
        long maxBacklog = 1000,
        int place = 1,
        string key = "",
        long ttl = 0
    ) => [place, topic, id, kind, windowMs, key, data, "", ttl, maxBacklog];

    public static object[] Step(
        string id,
        object[][]? consumed = null,
        object[][]? operations = null,
        object[][]? emits = null,
        object[][]? reads = null,
        int home = 1,
        long retentionMs = 60_000
    ) => ["step", home, id, retentionMs, .. List(consumed), .. List(reads), .. List(operations), .. List(emits)];

    public static object[] Read(string key, string etag, int place = 1) => [place, key, etag];

    public static object[] Operation(string change, string key, string value = "v", string guard = "", long ttlMs = 0, int place = 1) =>
        [place, change, key, value, guard, ttlMs];

    public static object[] Pass(string fencingToken, string worldLine, params long[] seqs) =>
        ["pass", 1, "g", "t", fencingToken, "c", seqs.Length, .. seqs.SelectMany(seq => new object[] { worldLine, seq })];

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    private static object[] List(object[][]? entries) => [entries?.Length ?? 0, .. (entries ?? []).SelectMany(entry => entry)];

    private static object[] Counted(object[] request) => [request[0], request.Length - 1, .. request[1..]];

    private static RedisArgument Argument(object value) =>
        value is string text ? text : Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture);

    private static string[] Words(RedisReply reply) => reply.IsNothing ? [.. reply.Items.Select(Text)] : [Text(reply)];

    private static string Text(RedisReply reply) => reply.Items.Count > 0 ? string.Join(',', reply.Items.Select(Text)) : reply.ToString();
}
