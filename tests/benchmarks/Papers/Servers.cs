using System.Globalization;
using System.Text.RegularExpressions;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Papers;

/// <summary>A primary of Valkey and its replicas, each of which follows the one before it. The flush time of one can be set.</summary>
internal sealed class Servers : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Level _level;
    private readonly List<RedisServer> _servers = [];

    private Servers(Level level) => _level = level;

    public RedisServer Primary => _servers[0];

    /// <summary>The first that follows the primary, and is followed by the others.</summary>
    public RedisServer Replica => _servers[1];

    public static async Task<Servers> StartAsync(Level level)
    {
        var servers = new Servers(level);
        try
        {
            await servers.AddAsync(level.PrimaryFsync, []);
            for (var i = 0; i < level.Replicas; i++)
            {
                var followed = servers._servers[^1];
                await servers.AddAsync("always", [$"replicaof 127.0.0.1 {followed.Port}"]);
                await followed.FollowedAsync(Patience);
            }

            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// From now on the server that flushes sleeps for so long before each flush of something, on the thread that does everything else:
    /// as with a disk that takes so long, it executes nothing meanwhile. The disk's own time comes on top.
    /// </summary>
    public Task SetFlushAsync(TimeSpan time) =>
        _level.Flushing is { } flushing
            ? _servers[flushing].CliAsync("DEBUG", "AOF-FLUSH-SLEEP", $"{(long)time.TotalMicroseconds}")
            : Task.CompletedTask;

    /// <summary>What the replica has now is all that it will have of the primary, which goes on alone.</summary>
    public async Task CutOffAsync()
    {
        var offset = await OffsetAsync(Primary, "master_repl_offset");
        await Eventually.TrueAsync(
            async () => await OffsetAsync(Replica, "slave_repl_offset") >= offset,
            Patience,
            "the replica has what was confirmed"
        );
        await Replica.CliAsync("REPLICAOF", "NO", "ONE");
        await Replica.FollowedAsync(Patience);
    }

    /// <summary>
    /// How many rounds the component has made so far. Each asks for the id of its connection at its beginning and after every WAITAOF, and
    /// nothing else of the component asks for one and not for the other.
    /// </summary>
    public async Task<long> RoundsAsync()
    {
        var info = await Primary.CliAsync("INFO", "commandstats");
        return CallsOf(info, "client|id") - CallsOf(info, "waitaof");
    }

    public async Task<string> VersionAsync() => Field(await Primary.CliAsync("INFO", "server"), "valkey_version");

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Enumerable.Reverse(_servers))
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<long> OffsetAsync(RedisServer server, string field) =>
        long.Parse(Field(await server.CliAsync("INFO", "replication"), field), CultureInfo.InvariantCulture);

    private static long CallsOf(string info, string command) =>
        Regex.Match(info, $@"^cmdstat_{Regex.Escape(command)}:calls=(\d+),", RegexOptions.Multiline) is { Success: true } line
            ? long.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture)
            : 0;

    private static string Field(string info, string name) =>
        info.Split('\n').Select(line => line.Trim().Split(':', 2)).Single(parts => parts[0] == name)[1];

    private async Task AddAsync(string fsync, IReadOnlyList<string> lines) =>
        _servers.Add(
            await RedisServer.StartAsync(
                new RedisOptions
                {
                    Program = RedisProgram.Valkey,
                    AppendFsync = fsync,
                    ExtraLines = ["repl-diskless-sync-delay 0", .. lines],
                }
            )
        );
}
