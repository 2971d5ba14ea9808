namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>A message that is out to an app, as it was sent, and how its subscription delivers.</summary>
internal sealed record Outstanding(Delivery Delivery, SubscriptionOptions Options);
