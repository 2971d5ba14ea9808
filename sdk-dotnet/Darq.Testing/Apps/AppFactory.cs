using Dapr.Client;
using Darq.Testing.Calls;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Darq.Testing.Apps;

/// <summary>Starts the user's app in this process, with its DaprClient on the simulated sidecar and its clock on virtual time.</summary>
internal sealed class AppFactory<TEntryPoint>(DarqTestOptions options, SidecarChannel sidecar, TimeProvider time)
    : WebApplicationFactory<TEntryPoint>,
        IApp
    where TEntryPoint : class
{
    private readonly DeliveryFailures _failures = new();
    private volatile IReadOnlyList<string> _hosted = [];

    public HttpClient Start() => new(Server.CreateHandler()) { BaseAddress = new Uri("http://app"), Timeout = Timeout.InfiniteTimeSpan };

    public DeliveryFailures.Failure? TakeFailure(string delivery) => _failures.Take(delivery);

    public string DescribeStart() =>
        _hosted.Count == 0
            ? "It has no hosted service of its own."
            : $"One of its hosted services may wait in StartAsync: {string.Join(", ", _hosted)}.";

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Logging:LogLevel:Default", "None");
        foreach (var (name, value) in options.Settings)
        {
            builder.UseSetting(name, value);
        }

        builder.ConfigureTestServices(services =>
        {
            services.Replace(ServiceDescriptor.Singleton(time));
            services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
            services.AddSingleton<IStartupFilter, DeliveryContext>();
            Redirect(services);
            foreach (var configure in options.Services)
            {
                configure(services);
            }

            _failures.Watch(services);
            _hosted = HostedIn(services);
        });
    }

    private static IReadOnlyList<string> HostedIn(IServiceCollection services) =>
        [
            .. services
                .Where(service => service.ServiceType == typeof(IHostedService) && !service.IsKeyedService)
                .Select(service =>
                    service.ImplementationType
                    ?? service.ImplementationInstance?.GetType()
                    ?? service.ImplementationFactory!.Method.ReturnType
                )
                .Where(type => type.Namespace?.StartsWith("Microsoft.", StringComparison.Ordinal) != true)
                .Select(type => type.Name),
        ];

    /// <summary>The app's own registration still says how its DaprClient reads and writes JSON.</summary>
    private void Redirect(IServiceCollection services)
    {
        services.TryAddSingleton(_ => sidecar.CreateClient(options.JsonSerializerOptions));
        var registered = services.Last(service => service.ServiceType == typeof(DaprClient) && !service.IsKeyedService);
        services.Add(new ServiceDescriptor(typeof(DaprClient), Client, registered.Lifetime));

        object Client(IServiceProvider provider) => sidecar.CreateClient(((DaprClient)Create(provider, registered)).JsonSerializerOptions);
    }

    private static object Create(IServiceProvider provider, ServiceDescriptor registered) =>
        registered.ImplementationInstance
        ?? registered.ImplementationFactory?.Invoke(provider)
        ?? ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!);
}
