using Darq;
using Darq.Configuration;
using Darq.Publishing;
using Darq.Sidecar;
using Darq.Steps;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers <see cref="IDarqClient"/>.</summary>
public static class DarqClientServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IDarqClient"/>, for apps that handle no messages; others call <c>AddDarq</c> of Darq.AspNetCore instead. The
    /// options are those of the configuration's section <c>Darq</c>, then what <paramref name="configure"/> sets; mistakes end the start of
    /// the app, all at once. The app's <c>DaprClient</c> and <see cref="TimeProvider"/> are used where it has registered them. Safe to
    /// repeat: what is set later wins.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Sets options; null where the configuration has them all.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddDarqClient(this IServiceCollection services, Action<DarqOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        // Before what code sets, which wins.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<DarqOptions>, DarqConfiguration>());
        var options = services.AddOptions<DarqOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DarqOptions>, DarqOptionsValidator>());
        services.TryAddSingleton<ISidecar, DaprSidecar>();
        services.TryAddSingleton(Commit);
        services.TryAddSingleton<StoreProbe>();
        services.TryAddSingleton<StepSender>();
        services.TryAddSingleton<DurabilityBarrier>();
        services.TryAddSingleton<DeliveryExtension>();
        services.TryAddSingleton<StepRunner>();
        services.TryAddSingleton<MessagePublisher>();
        services.TryAddSingleton<IDarqClient, DarqClient>();
        return services;
    }

    private static IStepCommit Commit(IServiceProvider services)
    {
        var sidecar = services.GetRequiredService<ISidecar>();
        var options = services.GetRequiredService<IOptions<DarqOptions>>().Value;
        return options.Binding is null ? new TransactionCommit(sidecar, options.Ack) : new BindingCommit(sidecar, options.Ack);
    }
}
