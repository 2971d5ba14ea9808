using System.Globalization;
using System.Net;
using Darq.Engine.Core;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>
/// Asks the sentinels for the primary, and subscribes to their failovers. The client could follow a failover by itself, but might
/// choose an old primary that returns unaware of its replica's promotion. The component connects only to the server that the
/// sentinels name.
/// </summary>
internal sealed class Sentinels : IAsyncDisposable
{
    private static readonly RedisChannel Switches = RedisChannel.Literal("+switch-master");

    private readonly RedisOptions _redis;
    private readonly SentinelOptions _options;
    private readonly TimeProvider _time;
    private readonly LazyConnection _connection;

    private volatile LoginWatch _login = new();

    public Sentinels(RedisOptions redis, SentinelOptions options, TimeProvider time)
    {
        (_redis, _options, _time) = (redis, options, time);
        _connection = new(ConnectAsync, redis.DialTimeout, time);
    }

    /// <summary>Raised when the sentinels name another primary. The event may be lost.</summary>
    public event Action? Switched;

    /// <summary>
    /// The primary according to the sentinel with the newest failover; the other sentinels follow within seconds. Throws
    /// <see cref="RedisRefusedException"/> where they do not know the name or refuse the login, and
    /// <see cref="RedisUnavailableException"/> where none answers.
    /// </summary>
    public async Task<EndPoint> PrimaryAsync(CancellationToken cancellation)
    {
        var connection = await OpenAsync(cancellation);
        var asked = connection.GetServers().Where(server => server.IsConnected).Select(server => AskAsync(server, cancellation)).ToArray();
        var answers = (await Task.WhenAll(asked)).OfType<Answer>().ToArray();
        if (answers.Length == 0 && _login.IsRefused)
        {
            throw new RedisRefusedException("SENTINELAUTH", $"SENTINELAUTH the sentinels {_options.Addresses} refused the login");
        }

        if (answers.Length == 0)
        {
            throw new RedisUnavailableException(
                $"No sentinel answers at {_options.Addresses} ({_login.WhyFailed ?? "no answer in time"})."
            );
        }

        return answers.MaxBy(answer => answer.Epoch)!.Primary
            ?? throw new RedisRefusedException(
                "SENTINELNAME",
                $"SENTINELNAME the sentinels {_options.Addresses} know no master named '{_options.MasterName}'"
            );
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<ConnectionMultiplexer> OpenAsync(CancellationToken cancellation)
    {
        try
        {
            return await _connection.OpenAsync(cancellation);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw new RedisUnavailableException($"No connection to the sentinels {_options.Addresses}: {fault.Message}", fault);
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var configuration = RedisConfiguration.OfSentinels(_redis, _options);
        var login = new LoginWatch(_redis.EnableTls);
        login.Observe(configuration);
        _login = login;
        var connection = await ConnectionMultiplexer.SentinelConnectAsync(configuration);
        // The client sends it once a sentinel is connected; no caller has to wait for that.
        await connection.GetSubscriber().SubscribeAsync(Switches, OnSwitch, CommandFlags.FireAndForget);
        return connection;
    }

    /// <summary>The text is the master's name, its old address and its new one.</summary>
    private void OnSwitch(RedisChannel channel, RedisValue text)
    {
        if (text.ToString().StartsWith(_options.MasterName + " ", StringComparison.Ordinal))
        {
            Switched?.Invoke();
        }
    }

    private async Task<Answer?> AskAsync(IServer sentinel, CancellationToken cancellation)
    {
        try
        {
            var asked = sentinel.SentinelMasterAsync(_options.MasterName);
            var fields = new Dictionary<string, string>(await asked.WaitAsync(_redis.CallTimeout, _time, cancellation));
            var port = int.Parse(fields["port"], CultureInfo.InvariantCulture);
            var epoch = long.Parse(fields["config-epoch"], CultureInfo.InvariantCulture);
            return new(RedisConfiguration.Address(fields["ip"], port), epoch);
        }
        catch (RedisServerException unknown) when (unknown.Message.Contains("No such master", StringComparison.Ordinal))
        {
            return new(null, -1);
        }
        catch (Exception fault) when (fault is RedisException or TimeoutException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Null where the sentinel knows no such master. The epoch rises with every failover.</summary>
    private sealed record Answer(EndPoint? Primary, long Epoch);
}
