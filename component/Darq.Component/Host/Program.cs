using System.Net.Sockets;
using Darq.Component.Admin;
using Darq.Component.Cli;
using Darq.Component.Components;
using Darq.Component.Configuration;
using Darq.Component.Instances;
using Darq.Component.Telemetry;
using Darq.Engine.Redis;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Darq.Component.Host;

/// <summary>
/// The composition root: registers all services and runs until the process is stopped. <see cref="ComponentLifetime"/> has the order
/// of stopping.
/// </summary>
internal static class Program
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Without arguments nothing of the command line is loaded: the component starts in the time that a sidecar gives it.
    /// </summary>
    public static Task<int> Main(string[] arguments) =>
        arguments is [] or [CommandLine.Serve] ? ServeAsync() : CommandLine.RunAsync(arguments, ServeAsync);

    private static async Task<int> ServeAsync()
    {
        try
        {
            var level = LogOptions.Read(Environment.GetEnvironmentVariable);
            var socketOptions = SocketOptions.Read(Environment.GetEnvironmentVariable);
            var socket = new ComponentSocket(socketOptions);
            socket.Prepare();
            using var admin = AdminSocket.Open(AdminOptions.Read(Environment.GetEnvironmentVariable));
            await using var app = Compose(socketOptions, socket, admin, level);
            await app.RunAsync();
            return 0;
        }
        catch (SocketRefusedException fault)
        {
            using var logs = LoggerFactory.Create(logging => AddConsole(logging, LogOptions.Standard));
            logs.CreateLogger("Darq").ComponentDidNotStart(fault.Message);
            return 1;
        }
    }

    private static WebApplication Compose(SocketOptions socketOptions, ComponentSocket socket, AdminSocket admin, LogLevel level)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "darq" });
        AddConsole(builder.Logging, level);
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(options =>
            {
                GrpcEndpoints.Configure(options);
                options.ListenUnixSocket(
                    socketOptions.FullPath,
                    listen =>
                    {
                        var sidecars = listen.ApplicationServices.GetRequiredService<SidecarConnections>();
                        listen.Use(next => connection => sidecars.ServeAsync(connection, next));
                    }
                );
                if (admin.Address is { } address)
                {
                    options.Listen(address, options.ApplicationServices.GetRequiredService<AdminEndpoint>().Configure);
                }
            });
        builder
            .Services.Configure<SocketTransportOptions>(options =>
                options.CreateBoundListenSocket = address => address is UnixDomainSocketEndPoint ? socket.Bind() : admin.Take()
            )
            .Configure<HostOptions>(options => options.ShutdownTimeout = StopTime)
            .AddSingleton(TimeProvider.System)
            .AddSingleton(socketOptions)
            .AddSingleton<SocketWatch>()
            .AddSingleton<InitFolder>()
            .AddSingleton(new ProcessFolder("/proc"))
            .AddSingleton<StreamRegister>()
            .AddSingleton<SidecarRestart>()
            .AddSingleton(new Secrets(Environment.GetEnvironmentVariable))
            .AddSingleton(CreateRandom())
            .AddSingleton<Func<RedisOptions, IRedis>>(services =>
                options => new RedisClient(options, services.GetRequiredService<TimeProvider>())
            )
            .AddSingleton<EnginePool>()
            .AddSingleton<InstanceFactory>()
            .AddSingleton<InstanceTable>()
            .AddSingleton<SidecarConnections>()
            .AddSingleton<DeliveryDrain>()
            .AddSingleton<Calls>()
            .AddSingleton<PubSubService>()
            .AddSingleton<StateStoreService>()
            .AddSingleton<TransactionServices>()
            .AddSingleton<InputBindingService>()
            .AddSingleton<OutputBindingService>()
            .AddSingleton(admin)
            .AddSingleton<Readiness>()
            .AddSingleton<MetricExport>()
            .AddSingleton<AdminEndpoint>()
            .AddGrpcEndpoints()
            .AddHostedService<ComponentLifetime>();
        var app = builder.Build();
        if (admin.Address is not null)
        {
            var endpoint = app.Services.GetRequiredService<AdminEndpoint>();
            app.Use(next => request => AdminEndpoint.Has(request) ? endpoint.ServeAsync(request) : next(request));
        }

        app.MapGrpcEndpoints(Served(app.Services));
        return app;
    }

    private static IEnumerable<ServedService> Served(IServiceProvider services) =>
        [
            services.GetRequiredService<PubSubService>().Served,
            services.GetRequiredService<StateStoreService>().Served,
            .. services.GetRequiredService<TransactionServices>().Served,
            services.GetRequiredService<InputBindingService>().Served,
            services.GetRequiredService<OutputBindingService>().Served,
        ];

#pragma warning disable RS0030 // The one source of real randomness; Random.Shared is safe for many threads.
    private static Random CreateRandom() => Random.Shared;
#pragma warning restore RS0030

    private static void AddConsole(ILoggingBuilder logging, LogLevel level) =>
        logging
            .SetMinimumLevel(level)
            .AddFilter("Microsoft", LogLevel.Warning)
            // Its scope and activity cost more per call than the call's own objects, and have no reader.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            });
}
