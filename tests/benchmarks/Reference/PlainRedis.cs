using System.Globalization;
using Darq.Benchmarks.Measuring;
using Darq.Engine.Redis;
using StackExchange.Redis;

namespace Darq.Benchmarks.Reference;

/// <summary>
/// One plain connection of the client library, with the settings under which the component uses it: what an app would have
/// that spoke to Redis itself.
/// </summary>
internal sealed class PlainRedis : IAsyncDisposable
{
    private readonly ConnectionMultiplexer _connection;

    private PlainRedis(ConnectionMultiplexer connection) => (_connection, Database) = (connection, connection.GetDatabase());

    private IDatabase Database { get; }

    public static async Task<PlainRedis> ConnectAsync(int port)
    {
        var configuration = new ConfigurationOptions
        {
            EndPoints = { { "127.0.0.1", port } },
            Protocol = RedisProtocol.Resp2,
            // As the component has it: a function is called without a SELECT before each call, and INFO may be asked for.
            CommandMap = CommandMap.Create(new Dictionary<string, string?> { ["EVAL"] = "FCALL", ["SELECT"] = null }),
            AllowAdmin = true,
            TieBreaker = "",
            ConfigurationChannel = "",
            IncludeDetailInExceptions = false,
        };
        return new(await ConnectionMultiplexer.ConnectAsync(configuration));
    }

    public Task AppendAsync(string stream, byte[] data) => Database.ExecuteAsync("XADD", (RedisKey)stream, "*", "d", (RedisValue)data);

    public async Task<byte[]> GetAsync(string key) => (byte[]?)await Database.StringGetAsync(key) ?? [];

    public Task SetAsync(string key, byte[] value) => Database.StringSetAsync(key, value);

    /// <summary>The ids of the entries after one. Their data comes along, as a reader needs it.</summary>
    public async Task<IReadOnlyList<string>> RangeAsync(string stream, string after, int count)
    {
        var entries = (RedisResult[])(await Database.ExecuteAsync("XRANGE", (RedisKey)stream, "(" + after, "+", "COUNT", count))!;
        return [.. entries.Select(entry => (string)entry[0]!)];
    }

    public Task DeleteAsync(string stream, string id) => Database.ExecuteAsync("XDEL", (RedisKey)stream, id);

    /// <summary>Calls a function of the library; a single answer is a list of one.</summary>
    public async Task<string[]> CallAsync(FunctionCall call)
    {
        var arguments = new List<object>(3 + call.Arguments.Count) { call.Function, (RedisValue)1, (RedisKey)call.Key };

        foreach (var argument in call.Arguments)
        {
            arguments.Add((RedisValue)argument.ToBytes());
        }

        return (string[])(await Database.ExecuteAsync("EVAL", arguments))!;
    }

    public async Task<RedisReading> ReadAsync()
    {
        var text = (string)(await Database.ExecuteAsync("INFO", "everything"))!;
        return new(
            text.Split("\r\n")
                .Select(line => line.Split(':', 2))
                .Where(parts => parts.Length == 2)
                .ToDictionary(parts => parts[0], parts => parts[1])
        );
    }

    public async Task<Cost> ReadCostAsync()
    {
        var reading = await ReadAsync();
        return new()
        {
            RedisSeconds = reading.Number("used_cpu_user") + reading.Number("used_cpu_sys"),
            FunctionCalls = (long)(reading.OfCommand("fcall", "calls") + reading.OfCommand("fcall_ro", "calls")),
            Commands = (long)reading.OfAllCommands("calls"),
            FunctionSeconds = (reading.OfCommand("fcall", "usec") + reading.OfCommand("fcall_ro", "usec")) / 1e6,
        };
    }

    /// <summary>Deletes every key that fits the pattern. Between rounds only: it looks at all keys.</summary>
    public async Task ClearAsync(string pattern)
    {
        var cursor = "0";
        do
        {
            var answer = (RedisResult[])(await Database.ExecuteAsync("SCAN", cursor, "MATCH", pattern, "COUNT", 10_000))!;
            cursor = (string)answer[0]!;
            foreach (var key in (RedisKey[])answer[1]!)
            {
                await Database.ExecuteAsync("UNLINK", key);
            }
        } while (cursor != "0");
    }

    public async ValueTask DisposeAsync() => await _connection.CloseAsync(allowCommandsToComplete: false);
}

/// <summary>What INFO said.</summary>
internal sealed class RedisReading(IReadOnlyDictionary<string, string> fields)
{
    private const string CommandPrefix = "cmdstat_";

    public string Version => fields["redis_version"];

    public double Number(string field) => Parse(fields[field]);

    /// <summary>A figure of commandstats; 0 for a command that was never called.</summary>
    public double OfCommand(string command, string figure) =>
        fields.TryGetValue(CommandPrefix + command, out var line) ? Figure(line, figure) : 0;

    public double OfAllCommands(string figure) =>
        fields.Where(field => field.Key.StartsWith(CommandPrefix, StringComparison.Ordinal)).Sum(field => Figure(field.Value, figure));

    private static double Figure(string line, string figure) =>
        Parse(line.Split(',').Select(part => part.Split('=')).Single(part => part[0] == figure)[1]);

    private static double Parse(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
