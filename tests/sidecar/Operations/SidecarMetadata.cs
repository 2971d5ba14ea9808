using Darq.Protos.Runtime;
using Darq.Sidecar.Components;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Operations;

/// <summary>What the sidecar says of itself, and what apps have added to it.</summary>
internal sealed class SidecarMetadata(
    SidecarFlags flags,
    ComponentRegistry components,
    Func<IReadOnlyList<SubscriptionManifest>> subscriptions
)
{
    private const string Version = "1.18.3";
    private readonly Dictionary<string, string> _extended = new() { ["daprRuntimeVersion"] = Version };

    public void Set(string key, string value)
    {
        lock (_extended)
        {
            _extended[key] = value;
        }
    }

    public GetMetadataResponse Describe()
    {
        var answer = new GetMetadataResponse
        {
            Id = flags.AppId,
            RuntimeVersion = Version,
            AppConnectionProperties = new()
            {
                Port = flags.AppPort ?? 0,
                Protocol = flags.AppProtocol,
                ChannelAddress = flags.AppAddress,
            },
            ActorRuntime = new() { RuntimeStatus = ActorRuntime.Types.ActorRuntimeStatus.Disabled, Placement = "placement: disconnected" },
        };
        answer.RegisteredComponents.Add(components.Loaded.Select(Describe));
        answer.Subscriptions.Add(subscriptions().Select(Describe));
        lock (_extended)
        {
            answer.ExtendedMetadata.Set(_extended);
        }

        return answer;
    }

    private static RegisteredComponents Describe(LoadedComponent component) =>
        new()
        {
            Name = component.Manifest.Name,
            Type = component.Manifest.Type,
            Version = component.Manifest.Version,
            Capabilities = { component.Capabilities },
        };

    private static PubsubSubscription Describe(SubscriptionManifest subscription) =>
        new()
        {
            PubsubName = subscription.PubSub,
            Topic = subscription.Topic,
            Metadata = { new Dictionary<string, string>(subscription.Metadata) },
            Rules = new()
            {
                Rules =
                {
                    subscription.Routes.Rules.Select(rule => new PubsubSubscriptionRule
                    {
                        Match = rule.Match?.Source ?? "",
                        Path = rule.Path,
                    }),
                },
            },
            DeadLetterTopic = subscription.DeadLetterTopic,
            Type = subscription.Origin switch
            {
                SubscriptionOrigin.Declarative => PubsubSubscriptionType.Declarative,
                SubscriptionOrigin.Programmatic => PubsubSubscriptionType.Programmatic,
                _ => PubsubSubscriptionType.Streaming,
            },
        };
}
