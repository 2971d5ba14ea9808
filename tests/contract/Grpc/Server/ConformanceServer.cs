using Darq.Component.Components;
using Darq.Component.Host;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Contract.Grpc.Server;

/// <summary>
/// A service of the tests' own on a Unix socket of its own, configured, bound and mapped by the component's code.
/// </summary>
internal sealed class ConformanceServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly WebApplication _web;

    private int _openCalls;
    private int _accepted;
    private int _open;

    private ConformanceServer()
    {
        Service = new ConformanceService(this);
        _web = Build();
    }

    public string SocketPath => _folder.PathOf("s");

    public string FolderPath => _folder.FullPath;

    public ConformanceService Service { get; }

    public RecordedLog Logs { get; } = new();

    public HealthService Health => _web.Services.GetRequiredService<HealthService>();

    public DeliveryDrain Drain => _web.Services.GetRequiredService<DeliveryDrain>();

    /// <summary>Calls that the server is not done with.</summary>
    public int OpenCalls => Volatile.Read(ref _openCalls);

    public int ConnectionsAccepted => Volatile.Read(ref _accepted);

    public int ConnectionsOpen => Volatile.Read(ref _open);

    public static async Task<ConformanceServer> StartAsync()
    {
        var server = new ConformanceServer();
        await server._web.StartAsync();
        return server;
    }

    /// <summary>What every case must leave behind: no call open, and a server that answers.</summary>
    public async Task IsUnharmedAsync()
    {
        await Eventually.TrueAsync(() => OpenCalls == 0, TimeSpan.FromSeconds(10), "no call is open any more");
        using var client = new WireClient(SocketPath);
        var answer = await client.CallAsync("Echo", Frames.Of(new Messages.Message { Number = 42 }));
        Xunit.Assert.Equal("0", answer.Status);
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
        _folder.Dispose();
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(new OneLog(Logs)).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning);
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(options =>
            {
                GrpcEndpoints.Configure(options);
                options.ListenUnixSocket(SocketPath, listen => listen.Use(next => connection => CountConnectionAsync(next, connection)));
            });
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<DeliveryDrain>().AddGrpcEndpoints();
        var web = builder.Build();
        web.Use(
            async (_, next) =>
            {
                Interlocked.Increment(ref _openCalls);
                try
                {
                    await next();
                }
                finally
                {
                    Interlocked.Decrement(ref _openCalls);
                }
            }
        );
        web.MapGrpcEndpoints([Service.Served]);
        return web;
    }

    private async Task CountConnectionAsync(ConnectionDelegate next, ConnectionContext connection)
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

    /// <summary>One log for all categories.</summary>
    private sealed class OneLog(ILogger log) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void Dispose() { }
    }
}
