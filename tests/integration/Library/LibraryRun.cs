using Darq.Engine.Connection;
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

    // Of a batch, before its requests.
    private const int HeadArguments = 5;

    private const string Probe =
        "#!lua name=probe\nredis.register_function('probe', function(_, args) return redis.call(unpack(args)) end)\n";

    private readonly RedisClient _redis;
    private readonly string _version;
    private readonly string[] _tags;

    private LibraryRun(RedisClient redis, string name, string version)
    {
        (_redis, Name, _version) = (redis, name, version);
        _tags = [.. Enumerable.Range(0, Partitions).Select(partition => PartitionTag.Of(name, partition, Partitions))];
    }

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

    /// <summary>
    /// Fields of the headers that every batch lists, which spares the library a command for each; as the engine lists them for the
    /// lane and topics that most tests use.
    /// </summary>
    public string[] Listed { get; set; } = ["t:t", "l:g:t", "t:out", "r"];

    /// <summary>How many partitions every batch lists, from the first.</summary>
    public int Places { get; set; } = Partitions;

    public string Key(int partition, string suffix) => $"{_tags[partition]}:{suffix}";

    public string[] Headers => [.. _tags.Select(tag => tag + ":m")];

    /// <summary>The list of partitions as every function takes it, with the fields of each.</summary>
    public object[] List(int partitions, params string[] fields) =>
        [partitions, .. _tags[..partitions].SelectMany<string, object>(tag => [tag, fields.Length, .. fields])];

    public async Task<RedisReply> CallAsync(string function, string? key, params object[] arguments) =>
        await _redis.CallAsync(new($"{_version}_{function}", key, [.. arguments.Select(Argument)]), default);

    /// <summary>One command; its reply as text, lists with commas.</summary>
    public async Task<string> CommandAsync(params object[] words) =>
        Text(await _redis.CallAsync(new("probe", null, [.. words.Select(Argument)]), default));

    public Task<string> FieldAsync(int partition, string field) => CommandAsync("HGET", Key(partition, "m"), field);

    public async Task<TopicNumbers> TopicAsync(string topic = "t", int partition = 0) =>
        TopicNumbers.Parse(await FieldAsync(partition, $"t:{topic}"));

    public async Task<LaneNumbers> LaneAsync(string group = "g", int partition = 0) =>
        LaneNumbers.Parse(await FieldAsync(partition, $"l:{group}:t"));

    /// <summary>A stored value without its etag and expiry; "" where there is none.</summary>
    public async Task<string> ValueAsync(string key) =>
        (await CommandAsync("GET", Key(0, $"s:{key}"))).Split(' ', 3) is [_, _, var value] ? value : "";

    public async Task<string> ETagAsync(string key) => (await CommandAsync("GET", Key(0, $"s:{key}"))).Split(' ')[0];

    public async Task<string[]> GetAsync(params string[] keys) =>
        Words(await CallAsync("get", Key(0, "m"), [0, Partitions, .. _tags, .. keys.SelectMany(key => new object[] { 1, key })]));

    public async Task<string[]> RecoverAsync(string identity = "me", long highest = 0, string format = Handshake.Format) =>
        Words(await CallAsync("recover", Key(0, "m"), [identity, format, highest, .. _tags]));

    /// <summary>Opens a new session, or one that was open before; the record of the one it replaces goes.</summary>
    public async Task<string> OpenAsync(string session = "s1", long lifeMs = 60_000, bool isNew = true, string? replaced = null) =>
        Text(await CallAsync("open", Key(0, $"c:{session}"), lifeMs, isNew ? 1 : 0, replaced is null ? "" : Key(0, $"c:{replaced}")));

    /// <summary>Sends a batch; the reply line by line. Places are 1 for partition 0 and 2 for partition 1.</summary>
    public async Task<string[]> BatchAsync(string session, long number, params object[][] requests)
    {
        object[] written = [.. requests.SelectMany(Counted)];
        object[] head = [number, 0, 60_000, requests.Length, HeadArguments + written.Length + 1];
        return Text(await CallAsync("batch", Key(0, $"c:{session}"), [.. head, .. written, .. List(Places, Listed)])).Split('\n');
    }

    public async Task<string[]> ClaimAsync(
        string what,
        string session,
        string argument = "",
        string group = "g",
        string topic = "t",
        long highest = 0
    ) => Words(await CallAsync("claim", Key(0, "m"), [what, session, group, topic, highest, .. List(1), argument]));

    /// <summary>A reply that ends with the position of its partition, without that.</summary>
    public static string Positioned(string reply)
    {
        var space = reply.LastIndexOf(' ');
        Assert.Matches("^[0-9]{13,}-[0-9]+$", reply[(space + 1)..]);
        return reply[..space];
    }

    public static object[] Publish(params object[][] appends) => PublishAs("", appends);

    public static object[] PublishAs(string repetition, params object[][] appends) =>
        ["publish", repetition, 60_000, appends.Length, .. appends.SelectMany(append => append)];

    public static object[] Bare(string repetition, string[] data, long maxBacklog = 1000) =>
        ["bare", repetition, 60_000, 1, "t", maxBacklog, data.Length, "b-", 7, .. data];

    public static object[] Write(object[] operation) => ["write", .. operation];

    /// <summary>A message; an id or the digest of an event makes it one that is known again.</summary>
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
    ) =>
        id.Length == 0 ? [place, topic, "made", "", "", windowMs, key, data, "", ttl, maxBacklog]
        : kind == "r" ? [place, topic, "made", "r", id, windowMs, key, data, "", ttl, maxBacklog]
        : [place, topic, id, "d", "", windowMs, key, data, "", ttl, maxBacklog];

    public static object[] Step(
        string id,
        object[][]? consumed = null,
        object[][]? operations = null,
        object[][]? emits = null,
        object[][]? reads = null,
        int home = 1,
        long retentionMs = 60_000
    ) => ["step", home, id, retentionMs, .. Entries(consumed), .. Entries(reads), .. Entries(operations), .. Entries(emits)];

    public static object[] Read(string key, string etag, int place = 1) => [place, key, etag];

    public static object[] Operation(string change, string key, string value = "v", string guard = "", long ttlMs = 0, int place = 1) =>
        [place, change, key, value, guard, ttlMs];

    public static object[] Ack(string fencingToken, string worldLine, params long[] seqs) =>
        ["ack", 1, "g", "t", fencingToken, "consumed", seqs.Length, .. seqs.SelectMany(seq => new object[] { worldLine, seq })];

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    private static object[] Entries(object[][]? entries) => [entries?.Length ?? 0, .. (entries ?? []).SelectMany(entry => entry)];

    private static object[] Counted(object[] request) => [request[0], request.Length - 1, .. request[1..]];

    private static RedisArgument Argument(object value) =>
        value is string text ? text : Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture);

    private static string[] Words(RedisReply reply) => reply.IsNothing ? [.. reply.Items.Select(Text)] : [Text(reply)];

    private static string Text(RedisReply reply) => reply.Items.Count > 0 ? string.Join(',', reply.Items.Select(Text)) : reply.ToString();
}
