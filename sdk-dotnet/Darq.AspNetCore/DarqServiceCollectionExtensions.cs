using System.Diagnostics.CodeAnalysis;
using Darq;
using Darq.AspNetCore.Rollbacks;
using Darq.AspNetCore.Subscriptions;
using Darq.Health;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what steps need.</summary>
public static class DarqServiceCollectionExtensions
{
    internal const string HealthCheckName = "darq";

    /// <summary>
    /// Adds what <c>MapStep</c> and <c>MapDarqHealth</c> need, and <see cref="IDarqClient"/>. The options are those of the configuration's
    /// section <c>Darq</c>, then what <paramref name="configure"/> sets; mistakes end the start of the app, all at once. The app's
    /// <c>DaprClient</c> and <see cref="TimeProvider"/> are used where it has registered them. Safe to repeat: what is set later wins.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Sets options; null where the configuration has them all.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddDarq(this IServiceCollection services, Action<DarqOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddDarqClient(configure);
        if (services.Any(service => service.ServiceType == typeof(StepEndpoints)))
        {
            return services;
        }

        services.AddSingleton<StepEndpoints>();
        services.AddSingleton<WorldLines>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, SubscribeFilter>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SubscriptionCheck>());
        services.AddHealthChecks().AddCheck<DarqHealthCheck>(HealthCheckName);
        return services;
    }

    /// <summary>
    /// Adds a handler that hears before the first message after a recovery of Redis that something may have been undone. It is one for the
    /// whole app. Safe to repeat for the same type.
    /// </summary>
    /// <typeparam name="THandler">The handler.</typeparam>
    /// <param name="services">The app's services.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddDarqRollback<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler
    >(this IServiceCollection services)
        where THandler : class, IRollbackHandler
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRollbackHandler, THandler>());
        return services;
    }
}
