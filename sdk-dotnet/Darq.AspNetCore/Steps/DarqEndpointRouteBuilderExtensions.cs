using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Darq;
using Darq.AspNetCore.Steps;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps topics to handlers whose messages are steps.</summary>
public static class DarqEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a topic to a handler. Each message is one step: what the handler reads, writes and emits by it takes effect with the message as
    /// one unit when the handler returns, and once, however often the message comes; nothing does when it throws. The sidecar learns of the
    /// subscription by itself.
    /// </summary>
    /// <typeparam name="T">
    /// The type of the message's data: JSON, or <see cref="string"/> or an array of bytes for data that was not published as JSON.
    /// </typeparam>
    /// <param name="endpoints">The app, or a group of its routes.</param>
    /// <param name="topic">The topic: 1 to 255 bytes of UTF-8.</param>
    /// <param name="handler">
    /// What to do with a message. It may run several times for one message, of which one takes effect; services come from a scope of its
    /// own for each run. Write the types of all its parameters where it takes services.
    /// </param>
    /// <returns>A builder for the settings of the subscription.</returns>
    /// <exception cref="InvalidOperationException"><c>AddDarq</c> was not called, or the type has no JSON form.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is not one that is accepted.</exception>
    /// <exception cref="ArgumentException">The topic is empty.</exception>
    public static StepEndpointBuilder MapStep<T>(this IEndpointRouteBuilder endpoints, string topic, Func<T, Step, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return StepMapping.Map<T>(endpoints, topic, (services, message, step) => handler(message, step));
    }

    /// <summary>
    /// Maps a topic to a handler. Each message is one step: what the handler reads, writes and emits by it takes effect with the message as
    /// one unit when the handler returns, and once, however often the message comes; nothing does when it throws. The sidecar learns of the
    /// subscription by itself.
    /// </summary>
    /// <typeparam name="T">
    /// The type of the message's data: JSON, or <see cref="string"/> or an array of bytes for data that was not published as JSON.
    /// </typeparam>
    /// <typeparam name="TService">The type of the handler's service.</typeparam>
    /// <param name="endpoints">The app, or a group of its routes.</param>
    /// <param name="topic">The topic: 1 to 255 bytes of UTF-8.</param>
    /// <param name="handler">
    /// What to do with a message. It may run several times for one message, of which one takes effect; services come from a scope of its
    /// own for each run. Write the types of all its parameters where it takes services.
    /// </param>
    /// <returns>A builder for the settings of the subscription.</returns>
    /// <exception cref="InvalidOperationException"><c>AddDarq</c> was not called, or the type has no JSON form.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is not one that is accepted.</exception>
    /// <exception cref="ArgumentException">The topic is empty.</exception>
    public static StepEndpointBuilder MapStep<T, TService>(
        this IEndpointRouteBuilder endpoints,
        string topic,
        Func<T, Step, TService, Task> handler
    )
        where TService : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        return StepMapping.Map<T>(
            endpoints,
            topic,
            (services, message, step) => handler(message, step, services.GetRequiredService<TService>())
        );
    }

    /// <summary>
    /// Maps a topic to a handler. Each message is one step: what the handler reads, writes and emits by it takes effect with the message as
    /// one unit when the handler returns, and once, however often the message comes; nothing does when it throws. The sidecar learns of the
    /// subscription by itself.
    /// </summary>
    /// <typeparam name="T">
    /// The type of the message's data: JSON, or <see cref="string"/> or an array of bytes for data that was not published as JSON.
    /// </typeparam>
    /// <typeparam name="TFirst">The type of the handler's first service.</typeparam>
    /// <typeparam name="TSecond">The type of the handler's second service.</typeparam>
    /// <param name="endpoints">The app, or a group of its routes.</param>
    /// <param name="topic">The topic: 1 to 255 bytes of UTF-8.</param>
    /// <param name="handler">
    /// What to do with a message. It may run several times for one message, of which one takes effect; services come from a scope of its
    /// own for each run. Write the types of all its parameters where it takes services.
    /// </param>
    /// <returns>A builder for the settings of the subscription.</returns>
    /// <exception cref="InvalidOperationException"><c>AddDarq</c> was not called, or the type has no JSON form.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is not one that is accepted.</exception>
    /// <exception cref="ArgumentException">The topic is empty.</exception>
    public static StepEndpointBuilder MapStep<T, TFirst, TSecond>(
        this IEndpointRouteBuilder endpoints,
        string topic,
        Func<T, Step, TFirst, TSecond, Task> handler
    )
        where TFirst : notnull
        where TSecond : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        return StepMapping.Map<T>(
            endpoints,
            topic,
            (services, message, step) =>
                handler(message, step, services.GetRequiredService<TFirst>(), services.GetRequiredService<TSecond>())
        );
    }

    /// <summary>
    /// Maps a topic to a handler. Each message is one step: what the handler reads, writes and emits by it takes effect with the message as
    /// one unit when the handler returns, and once, however often the message comes; nothing does when it throws. The sidecar learns of the
    /// subscription by itself.
    /// </summary>
    /// <typeparam name="T">
    /// The type of the message's data: JSON, or <see cref="string"/> or an array of bytes for data that was not published as JSON.
    /// </typeparam>
    /// <typeparam name="TFirst">The type of the handler's first service.</typeparam>
    /// <typeparam name="TSecond">The type of the handler's second service.</typeparam>
    /// <typeparam name="TThird">The type of the handler's third service.</typeparam>
    /// <param name="endpoints">The app, or a group of its routes.</param>
    /// <param name="topic">The topic: 1 to 255 bytes of UTF-8.</param>
    /// <param name="handler">
    /// What to do with a message. It may run several times for one message, of which one takes effect; services come from a scope of its
    /// own for each run. Write the types of all its parameters where it takes services.
    /// </param>
    /// <returns>A builder for the settings of the subscription.</returns>
    /// <exception cref="InvalidOperationException"><c>AddDarq</c> was not called, or the type has no JSON form.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is not one that is accepted.</exception>
    /// <exception cref="ArgumentException">The topic is empty.</exception>
    public static StepEndpointBuilder MapStep<T, TFirst, TSecond, TThird>(
        this IEndpointRouteBuilder endpoints,
        string topic,
        Func<T, Step, TFirst, TSecond, TThird, Task> handler
    )
        where TFirst : notnull
        where TSecond : notnull
        where TThird : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        return StepMapping.Map<T>(
            endpoints,
            topic,
            (services, message, step) =>
                handler(
                    message,
                    step,
                    services.GetRequiredService<TFirst>(),
                    services.GetRequiredService<TSecond>(),
                    services.GetRequiredService<TThird>()
                )
        );
    }

    /// <inheritdoc cref="MapStep{T}(IEndpointRouteBuilder, string, Func{T,Step,Task})"/>
    // Before the one without a result, to which a lambda that returns a ValueTask would go else, unawaited.
    [OverloadResolutionPriority(-1)]
    public static StepEndpointBuilder MapStep<T>(this IEndpointRouteBuilder endpoints, string topic, Func<T, Step, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return StepMapping.Map<T>(endpoints, topic, (services, message, step) => handler(message, step).AsTask());
    }

    /// <inheritdoc cref="MapStep{T}(IEndpointRouteBuilder, string, Func{T,Step,Task})"/>
    [OverloadResolutionPriority(-2)]
    public static StepEndpointBuilder MapStep<T>(this IEndpointRouteBuilder endpoints, string topic, Action<T, Step> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return StepMapping.Map<T>(endpoints, topic, StepMapping.Returning<T>((services, message, step) => handler(message, step)));
    }

    /// <summary>
    /// Maps a topic to a class that handles its messages, made anew for each run with services of that run's scope and disposed of
    /// after it.
    /// </summary>
    /// <typeparam name="T">The type of the message's data.</typeparam>
    /// <typeparam name="THandler">The class; it need not be registered. If it is, its registration says how long it lives.</typeparam>
    /// <inheritdoc cref="MapStep{T}(IEndpointRouteBuilder, string, Func{T,Step,Task})"/>
    public static StepEndpointBuilder MapStep<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IEndpointRouteBuilder endpoints,
        string topic
    )
        where THandler : class, IStepHandler<T> =>
        StepMapping.Map<T>(endpoints, topic, (services, message, step) => StepMapping.HandleAsync<T, THandler>(services, message, step));
}
