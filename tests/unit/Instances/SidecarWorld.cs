using Darq.Component.Configuration;
using Darq.Component.Instances;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Darq.Tests.Unit.Connection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Sidecar = Darq.Component.Instances.Sidecar;

namespace Darq.Tests.Unit.Instances;

/// <summary>
/// A component without a server: its table of instances, the processes that there are, and a Redis that is never reached. It can be
/// restarted on what it kept.
/// </summary>
internal sealed class SidecarWorld : IAsyncDisposable
{
    public const string Name = "bank";

    public static readonly InstanceKey Key = new(ComponentService.StateStore, Name);

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<IAsyncDisposable> _pools = [];

    public SidecarWorld() => Table = Make();

    public InstanceTable Table { get; private set; }

    public RecordedLog Log { get; } = new();

    public InitFolder Kept => new(new(_folder.FullPath, "darq.sock", UnixFileMode.UserRead));

    /// <summary>Starts a process with this id; it lives until another has the id or it is ended.</summary>
    public SidecarProcess Start(int id, long start = 1)
    {
        _folder.Write($"proc/{id}/stat", $"{id} (daprd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {start} 0\n");
        return new(id, start);
    }

    public void End(int id) => Directory.Delete(_folder.PathOf($"proc/{id}"), recursive: true);

    /// <summary>A connection from the process; from one that is hidden where none is given.</summary>
    public Sidecar Connect(SidecarProcess process = default) => Table.Connect(process);

    public Task DisconnectAsync(Sidecar connection) => PassAsync(Table.DisconnectAsync(connection));

    public Task RemoveEndedAsync() => PassAsync(Table.RemoveEndedAsync());

    public Task InitAsync(Sidecar connection, string @namespace, params (string Key, string Value)[] more) =>
        PassAsync(
            Table.InitAsync(
                connection,
                Key,
                more.Append(("redisHost", "localhost")).Append(("namespace", @namespace)).ToDictionary(one => one.Item1, one => one.Item2),
                CancellationToken.None
            )
        );

    /// <summary>The namespace of the instance that a call on this connection means.</summary>
    public async Task<string> NamespaceAsync(Sidecar connection)
    {
        await using var use = await UseAsync(connection);
        return use.Instance.Options.Namespace.Name;
    }

    public async Task<InstanceUse> UseAsync(Sidecar connection)
    {
        var use = Table.UseAsync(connection, Key).AsTask();
        await PassAsync(use);
        return await use;
    }

    /// <summary>The text with which a call on this connection is refused.</summary>
    public async Task<string> RefusalAsync(Sidecar connection)
    {
        var refused = await Assert.ThrowsAsync<DarqException>(() => NamespaceAsync(connection));
        Assert.Equal(ErrorCode.Misconfigured, refused.Code);
        return refused.Message;
    }

    /// <summary>The component dies; another begins with what it kept.</summary>
    public async Task RestartAsync()
    {
        Table = Make();
        await PassAsync(Table.StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in _pools)
        {
            await PassAsync(pool.DisposeAsync().AsTask());
        }

        _folder.Dispose();
    }

    private InstanceTable Make()
    {
        var logs = LoggerFactory.Create(logging => logging.AddProvider(new OneLog(Log)));
        var pool = new EnginePool(_ => new AwayRedis(), _time, new Random(1), logs);
        var factory = new InstanceFactory(pool, _time, new Random(1), logs.CreateLogger<InstanceFactory>());
        var table = new InstanceTable(
            factory,
            Kept,
            new ProcessFolder(_folder.PathOf("proc")),
            new Secrets(_ => null),
            new StreamRegister(Kept, logs.CreateLogger<StreamRegister>()),
            _time,
            logs.CreateLogger<InstanceTable>()
        );
        _pools.AddRange(table, pool);
        return table;
    }

    /// <summary>Lets time pass until the work is done: it waits for Redis in vain.</summary>
    private async Task PassAsync(Task work)
    {
        while (!work.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await work;
    }

    private sealed class AwayRedis : StubRedis
    {
        public override bool Connected => false;

        protected override Exception Unexpected() => new RedisUnavailableException("it is away");
    }

    /// <summary>One log for all categories.</summary>
    private sealed class OneLog(ILogger log) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void Dispose() { }
    }
}
