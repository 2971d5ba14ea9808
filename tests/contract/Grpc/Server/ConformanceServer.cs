using Darq.Grpc;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Contract.Grpc.Server;

/// <summary>
/// The gRPC server under test on a Unix socket of its own, configured as the component configures it.
/// </summary>
internal sealed class ConformanceServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly WebApplication _web;

    private int _accepted;
    private int _open;

    private ConformanceServer(ServiceDefinition? definition, TimeProvider time, Func<Exception, RpcException?>? translate)
    {
        Logs = new RecordedLogs();
        Service = new ConformanceService();
        var factory = LoggerFactory.Create(logging => logging.AddProvider(Logs).SetMinimumLevel(LogLevel.Debug));
        Grpc = new GrpcServer([definition ?? Service.Definition], GrpcLimits.Default, time, factory, translate);
        Service.Server = this;
        _web = Build();
    }

    public string SocketPath => _folder.PathOf("s");

    public string FolderPath => _folder.FullPath;

    public GrpcServer Grpc { get; }

    public ConformanceService Service { get; }

    public RecordedLogs Logs { get; }

    public int ConnectionsAccepted => Volatile.Read(ref _accepted);

    public int ConnectionsOpen => Volatile.Read(ref _open);

    public static Task<ConformanceServer> StartAsync(TimeProvider? time = null, Func<Exception, RpcException?>? translate = null) =>
        StartAsync(null, time, translate);

    /// <summary>With other handlers than the usual ones.</summary>
    public static async Task<ConformanceServer> StartAsync(
        ServiceDefinition? definition, TimeProvider? time = null, Func<Exception, RpcException?>? translate = null)
    {
        var server = new ConformanceServer(definition, time ?? TimeProvider.System, translate);
        await server._web.StartAsync();
        return server;
    }

    /// <summary>What every case must leave behind: no call open, and a server that answers.</summary>
    public async Task IsUnharmedAsync()
    {
        await Eventually.TrueAsync(() => Grpc.OpenCalls == 0, TimeSpan.FromSeconds(10), "no call is open any more");
        using var client = new WireClient(SocketPath);
        var answer = await client.CallAsync("Echo", Frames.Of(new Messages.Message { Number = 42 }));
        Xunit.Assert.Equal("0", answer.Status);
    }

    public async ValueTask DisposeAsync()
    {
        Grpc.Health.Stop();
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
        _folder.Dispose();
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<Microsoft.Extensions.Hosting.ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);
        builder.WebHost.ConfigureKestrel(options =>
        {
            GrpcServer.Configure(options);
            options.ListenUnixSocket(SocketPath, listen => listen.Use(next => connection => CountAsync(next, connection)));
        });
        var web = builder.Build();
        web.Run(Grpc.HandleAsync);
        return web;
    }

    private async Task CountAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        Interlocked.Increment(ref _accepted);
        Interlocked.Increment(ref _open);
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
