using System.Diagnostics.CodeAnalysis;
using Dapr;
using Darq.AspNetCore.Subscriptions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Darq.AspNetCore.Steps;

/// <summary>Maps a handler in the one form that all of <c>MapStep</c> comes to.</summary>
internal static class StepMapping
{
    public static Func<IServiceProvider, T, Step, Task> Returning<T>(Action<IServiceProvider, T, Step> handler) =>
        (services, message, step) =>
        {
            handler(services, message, step);
            return Task.CompletedTask;
        };

    public static async Task HandleAsync<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        IServiceProvider services,
        T message,
        Step step
    )
        where THandler : class, IStepHandler<T>
    {
        if (services.GetService<THandler>() is { } registered)
        {
            await registered.HandleAsync(message, step).ConfigureAwait(false);
            return;
        }

        // The scope does not know of what it did not make.
        var own = ActivatorUtilities.CreateInstance<THandler>(services);
        try
        {
            await own.HandleAsync(message, step).ConfigureAwait(false);
        }
        finally
        {
            switch (own)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync().ConfigureAwait(false);
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
    }

    public static StepEndpointBuilder Map<T>(IEndpointRouteBuilder endpoints, string topic, Func<IServiceProvider, T, Step, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrEmpty(topic);
        if (endpoints.ServiceProvider.GetService<StepEndpoints>() is null)
        {
            throw new InvalidOperationException(
                "MapStep needs its services: builder.Services.AddDarq(o => { o.PubSub = \"…\"; o.StateStore = \"…\"; });"
            );
        }

        var options = endpoints.ServiceProvider.GetRequiredService<IOptions<DarqOptions>>().Value;
        var subscription = new StepSubscription(options.PubSub, topic);
        var builder = new StepEndpointBuilder(
            endpoints.MapPost(StepRoute.Of(topic), new StepEndpoint<T>(endpoints.ServiceProvider, subscription, handler).InvokeAsync),
            subscription
        );
        builder.WithProcessingTimeout(options.ProcessingTimeout);
        if (options.MaxDeliveries is { } deliveries)
        {
            builder.WithMaxDeliveries(deliveries);
        }

        // When the settings are complete: Dapr's MapSubscribeHandler looks for metadata of its own.
        builder.Finally(endpoint => AddTopic(endpoint, subscription));
        return builder;
    }

    private static void AddTopic(EndpointBuilder endpoint, StepSubscription subscription)
    {
        var id = $"{subscription.PubSub}/{subscription.Topic}";
        endpoint.Metadata.Add(subscription);
        endpoint.Metadata.Add(new TopicAttribute(subscription.PubSub, subscription.Topic, enableRawPayload: false, [id]));
        foreach (var (name, value) in subscription.Settings)
        {
            endpoint.Metadata.Add(new TopicMetadataAttribute(id, name, value));
        }
    }
}
