using System.Security.Authentication;
using System.Text;
using StackExchange.Redis;

namespace Darq.Redis;

/// <summary>
/// The seam over StackExchange.Redis: one shared connection per options, pipelined. Three habits of the client decide how
/// it is used here: its asynchronous calls never time out by themselves, so each gets our deadline; it drops the
/// connection at an argument of a type it does not know, so all arguments are built in one place; and whether it queued
/// or sent a command again after a reconnect is never relied on, because session numbers and the boot fence decide.
/// </summary>
internal sealed class RedisClient : IRedis
{
    private const int MaxSpare = 16 * 1024;

    // The client hides the types that tell a value from an array.
    private static readonly Type ValueType = RedisResult.Create((RedisValue)"").GetType();

    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();

    // The arguments of a call that was answered, for the next to fill.
    private List<object>? _spare;
    private Task<ConnectionMultiplexer>? _connecting;
    private volatile ConnectionMultiplexer? _connected;

    public RedisClient(RedisOptions options, TimeProvider time) => (_options, _time) = (options, time);

    public event Action? Reconnected;

    public event Action? Disconnected;

    public bool Connected => _connected is { IsConnected: true };

    public async Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation)
    {
        var arguments = Interlocked.Exchange(ref _spare, null) ?? [];
        Fill(arguments, call);
        var database = await DatabaseAsync(cancellation);
        var reply = Convert(await WithinAsync(() => database.ExecuteAsync(call.ReadOnly ? "FCALL_RO" : "FCALL", arguments), cancellation));
        // Only what was answered has certainly been written.
        arguments.Clear();
        if (arguments.Capacity <= MaxSpare) _spare = arguments;
        return reply;
    }

    /// <summary>Text and bytes are what the client takes as they are; its own types would only be boxed.</summary>
    private static void Fill(List<object> arguments, FunctionCall call)
    {
        arguments.EnsureCapacity(2 + call.Keys.Count + call.Arguments.Count);
        arguments.Add(call.Function);
        arguments.Add(((RedisArgument)call.Keys.Count).ToBytes());
        for (var i = 0; i < call.Keys.Count; i++) arguments.Add(call.Keys[i]);
        for (var i = 0; i < call.Arguments.Count; i++) arguments.Add(call.Arguments[i].ToBytes());
    }

    public async Task<StreamSlice> ReadAsync(string markKey, string streamKey, string afterId, int maxCount, CancellationToken cancellation)
    {
        var transaction = (await DatabaseAsync(cancellation)).CreateTransaction();
        var boot = transaction.ExecuteAsync("HGET", (RedisKey)markKey, (RedisValue)"boot");
        var range = transaction.ExecuteAsync(
            "XRANGE", (RedisKey)streamKey, (RedisValue)("(" + afterId), (RedisValue)"+", (RedisValue)"COUNT", (RedisValue)maxCount);
        if (!await WithinAsync(() => transaction.ExecuteAsync(), cancellation))
            throw new RedisUnavailableException("The transaction that reads a stream was not executed.");
        var entries = (RedisResult[])await WithinAsync(() => range, cancellation);
        return new(Text(await WithinAsync(() => boot, cancellation)), Array.ConvertAll(entries, Entry));
    }

    public async Task<IAsyncDisposable> SubscribeAsync(IReadOnlyList<string> channels, Action<string, string> heard, CancellationToken cancellation)
    {
        var subscriber = (await DatabaseAsync(cancellation)).Multiplexer.GetSubscriber();
        void Handle(RedisChannel channel, RedisValue text) => heard(channel.ToString(), text.ToString());
        await WithinAsync(async () => { await Task.WhenAll(channels.Select(channel => subscriber.SubscribeAsync(channel, Handle))); return true; }, cancellation);
        return new Listening(subscriber, channels, Handle);
    }

    public async Task<ServerDescription> DescribeAsync(CancellationToken cancellation)
    {
        var database = await DatabaseAsync(cancellation);
        return ServerDescriptions.Parse(Text(await WithinAsync(() => database.ExecuteAsync("INFO"), cancellation)) ?? "");
    }

    public async Task LoadLibraryAsync(string code, bool replace, CancellationToken cancellation)
    {
        var database = await DatabaseAsync(cancellation);
        object[] arguments = replace ? [(RedisValue)"LOAD", (RedisValue)"REPLACE", (RedisValue)code] : [(RedisValue)"LOAD", (RedisValue)code];
        try
        {
            await WithinAsync(() => database.ExecuteAsync("FUNCTION", arguments), cancellation);
        }
        catch (RedisRefusedException refused) when (refused.Message.Contains("already exists", StringComparison.Ordinal))
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connected is { } connection) await connection.CloseAsync(allowCommandsToComplete: false);
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var configuration = new ConfigurationOptions
        {
            EndPoints = { { _options.Host, _options.Port } },
            Password = _options.Password,
            DefaultDatabase = _options.Database,
            Ssl = _options.EnableTls,
            SslProtocols = _options.EnableTls ? SslProtocols.Tls12 | SslProtocols.Tls13 : null,
            AbortOnConnectFail = false,
            ConnectTimeout = (int)_options.DialTimeout.TotalMilliseconds,
            ConnectRetry = 1,
            ReconnectRetryPolicy = new LinearRetry(100),
            KeepAlive = 10,
            // Neither is needed with one primary, and each would be a command more to permit.
            TieBreaker = "",
            ConfigurationChannel = "",
        };
        if (_options.EnableTls) TlsValidation.Apply(configuration, _options);
        var connection = await ConnectionMultiplexer.ConnectAsync(configuration);
        connection.PreserveAsyncOrder = false;
        connection.IncludeDetailInExceptions = false;
        connection.ConnectionRestored += (_, restored) =>
        {
            if (restored.ConnectionType == ConnectionType.Interactive) Reconnected?.Invoke();
        };
        connection.ConnectionFailed += (_, failed) =>
        {
            if (failed.ConnectionType == ConnectionType.Interactive) Disconnected?.Invoke();
        };
        _connected = connection;
        return connection;
    }

    private async Task<IDatabase> DatabaseAsync(CancellationToken cancellation)
    {
        Task<ConnectionMultiplexer> connecting;
        lock (_lock) connecting = _connecting = _connecting is null or { IsFaulted: true } ? ConnectAsync() : _connecting;
        if (_connected is { } connection) return connection.GetDatabase();
        try
        {
            return (await connecting.WaitAsync(_options.DialTimeout, _time, cancellation)).GetDatabase();
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw new RedisUnavailableException($"No connection to Redis at {_options.Host}:{_options.Port}: {fault.Message}", fault);
        }
    }

    /// <summary>One command under our deadline, with the client's faults told apart: refused by the server, or no answer.</summary>
    private async Task<T> WithinAsync<T>(Func<Task<T>> send, CancellationToken cancellation)
    {
        try
        {
            return await Reply<T>.WaitAsync(send(), _options.CallTimeout, _time, cancellation);
        }
        catch (RedisServerException refused)
        {
            throw Refused(refused.Message);
        }
        catch (RedisConnectionException fault) when (LoginRefusal(fault.Message) is { } why)
        {
            throw Refused(why);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // Besides its own exceptions the client lets those of a connection that just ended through; none of them says more.
            throw new RedisUnavailableException($"Redis at {_options.Host}:{_options.Port} gave no answer: {fault.Message}", fault);
        }
    }

    /// <summary>The client reports a refused login only inside the text of a connection failure.</summary>
    private static string? LoginRefusal(string text) =>
        text.Contains("NOAUTH", StringComparison.Ordinal) || text.Contains("WRONGPASS", StringComparison.Ordinal)
            || text.Contains("AuthenticationFailure", StringComparison.Ordinal)
            ? "WRONGPASS the password was refused" : null;

    private static RedisRefusedException Refused(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return new(space < 0 ? text : text[..space], text);
    }

    private static RedisReply Convert(RedisResult result)
    {
        if (result.IsNull) return RedisReply.Nothing;
        return result.GetType() == ValueType
            ? RedisReply.Of((byte[])result)
            : RedisReply.Of(Array.ConvertAll((RedisResult[])result, Convert));
    }

    private static string? Text(RedisResult result) => result.IsNull ? null : (string)result;

    private static StreamEntry Entry(RedisResult entry)
    {
        var (id, flat) = ((RedisResult[])entry) is [var first, var second] ? ((string)first, (RedisResult[])second) : throw new FormatException("A stream entry is not a pair.");
        var fields = new KeyValuePair<string, ReadOnlyMemory<byte>>[flat.Length / 2];
        for (var i = 0; i < fields.Length; i++) fields[i] = new(Name((byte[])flat[2 * i]), (byte[])flat[2 * i + 1]);
        return new(id, fields);
    }

    /// <summary>Names of fields are single letters, whose strings exist already.</summary>
    private static string Name(byte[] name) => name is [< 0x80 and var letter] ? ((char)letter).ToString() : Encoding.UTF8.GetString(name);

    private sealed class Listening(ISubscriber subscriber, IReadOnlyList<string> channels, Action<RedisChannel, RedisValue> handler) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var channel in channels) await subscriber.UnsubscribeAsync(channel, handler, CommandFlags.FireAndForget);
        }
    }
}
