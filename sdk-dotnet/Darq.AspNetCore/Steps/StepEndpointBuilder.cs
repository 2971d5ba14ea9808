using System.Globalization;
using Darq.AspNetCore.Subscriptions;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sets how the messages of a mapped topic are delivered. What is not set is the component's setting.</summary>
public sealed class StepEndpointBuilder : IEndpointConventionBuilder
{
    private readonly IEndpointConventionBuilder _endpoint;
    private readonly StepSubscription _subscription;

    internal StepEndpointBuilder(IEndpointConventionBuilder endpoint, StepSubscription subscription) =>
        (_endpoint, _subscription) = (endpoint, subscription);

    /// <summary>
    /// From which component the messages come; instead of <c>DarqOptions.PubSub</c>. It has to have the same Redis, database and namespace
    /// as <c>DarqOptions.StateStore</c>, where the step takes effect. The same topic of two components needs two routes, as in
    /// <c>app.MapGroup("/other").MapStep(…)</c>, and another <c>consumerID</c> of the other component: with the same one both are one
    /// group, and each message goes to either route. <c>MapDarqHealth</c> does not look for it.
    /// </summary>
    /// <param name="name">The name of another component of type <c>pubsub.darq</c>.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public StepEndpointBuilder WithPubSub(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _subscription.PubSub = name;
        return this;
    }

    /// <summary>After how many failures a message moves to the dead-letter topic; instead of <c>DarqOptions.MaxDeliveries</c>.</summary>
    /// <param name="count">1 to 1,000,000; 0 repeats it for ever.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below zero or above a million.</exception>
    public StepEndpointBuilder WithMaxDeliveries(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1_000_000);
        return With("maxDeliveries", count.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// How many messages of the topic the app may have in hand at once. Sidecars of the versions 1.16.0 to 1.18.3 hand over one at a time
    /// all the same.
    /// </summary>
    /// <param name="count">1 to 1,000; the component's default is 16.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below one or above a thousand.</exception>
    public StepEndpointBuilder WithConcurrency(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1000);
        return With("maxInFlight", count.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// How long a handler may take before the attempt counts as failed and <c>Step.CancellationToken</c> ends; instead of
    /// <c>DarqOptions.ProcessingTimeout</c>.
    /// </summary>
    /// <param name="time">Up to 24 hours in whole milliseconds; zero for no limit, so that a handler that hangs does so for ever.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is below zero or above 24 hours.</exception>
    public StepEndpointBuilder WithProcessingTimeout(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, TimeSpan.FromHours(24));
        _subscription.ProcessingTimeout = time > TimeSpan.Zero ? time : Timeout.InfiniteTimeSpan;
        return With("processingTimeout", string.Create(CultureInfo.InvariantCulture, $"{(long)Math.Ceiling(time.TotalMilliseconds)}ms"));
    }

    /// <summary>
    /// The topic to which a message moves after its last failure; <c>&lt;topic&gt;.&lt;group&gt;.dead</c> where it is not given. The
    /// component moves it, so Dapr's own <c>DeadLetterTopic</c>, which gives up at the first failure, is not used.
    /// </summary>
    /// <param name="topic">The topic.</param>
    /// <exception cref="ArgumentException">The topic is empty.</exception>
    public StepEndpointBuilder WithDeadLetterTopic(string topic)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        return With("deadLetterTopic", topic);
    }

    /// <summary>Sets any other setting of a subscription, by the name that the component gives it.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="ArgumentException">
    /// The name is empty; or <c>requireStep</c>, without which no step would be one; or <c>processingTimeout</c>, which
    /// <see cref="WithProcessingTimeout"/> sets for the app as well.
    /// </exception>
    public StepEndpointBuilder WithSetting(string name, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        return name.Equals("requireStep", StringComparison.OrdinalIgnoreCase)
                ? throw new ArgumentException($"{name} is always true for what MapStep maps.", nameof(name))
            : name.Equals("processingTimeout", StringComparison.OrdinalIgnoreCase)
                ? throw new ArgumentException($"{name} is what WithProcessingTimeout sets, for the component and the app.", nameof(name))
            : With(name, value);
    }

    /// <inheritdoc/>
    public void Add(Action<EndpointBuilder> convention) => _endpoint.Add(convention);

    /// <inheritdoc/>
    public void Finally(Action<EndpointBuilder> finallyConvention) => _endpoint.Finally(finallyConvention);

    private StepEndpointBuilder With(string name, string value)
    {
        _subscription.Set(name, value);
        return this;
    }
}
