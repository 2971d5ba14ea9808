using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions;

namespace Darq.Component.Configuration;

/// <summary>The settings of one instance, in the types of the folders that use them. Immutable.</summary>
internal sealed record InstanceOptions
{
    public required RedisOptions Redis { get; init; }

    public required NamespaceOptions Namespace { get; init; }

    public required SubscriptionOptions Subscription { get; init; }

    /// <summary>The group that consumes; null where none is given.</summary>
    public string? Group { get; init; }

    /// <summary>The topics that an input binding reads.</summary>
    public IReadOnlyList<string> Topics { get; init; } = [];

    /// <summary>Where an output binding publishes when the request names no topic.</summary>
    public string? DefaultTopic { get; init; }

    /// <summary>Whether an answer to a binding's delivery that says nothing acknowledges it.</summary>
    public bool EmptyAnswerAcks { get; init; }

    /// <summary>The app on whose behalf a binding works; null where it is not given.</summary>
    public string? AppId { get; init; }

    /// <summary>The prefix of the state keys in a binding's steps; null where it is not known.</summary>
    public string? KeyPrefix { get; init; }

    /// <summary>Time to live of state that is saved without one.</summary>
    public TimeSpan? DefaultTimeToLive { get; init; }
}

/// <summary>The outcome of reading metadata: options or all errors; settings without effect and warnings in either case.</summary>
internal sealed record OptionsReading(
    InstanceOptions? Options,
    IReadOnlyList<string> Errors,
    IReadOnlyList<string> WithoutEffect,
    IReadOnlyList<string> Warnings
);
