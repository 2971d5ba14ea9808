using Darq.Testing.Apps;
using Microsoft.Extensions.Options;

namespace Darq.Testing.Hosting;

/// <summary>
/// The components that the sidecar of an app tells of: those to which it subscribes, and those that its options of Darq name. Every
/// other name works as well, which no list can say.
/// </summary>
internal static class AppComponents
{
    // By name, because an app without the SDK has no such type, and then this package would bring it in.
    private const string SdkOptions = "Darq.DarqOptions, Darq";

    public static IEnumerable<(string Name, string Type)> Of(IEnumerable<AppSubscription> subscriptions, IServiceProvider? services)
    {
        var options = services is null ? null : OptionsOf(services);
        return subscriptions
            .Select(subscription => (Name: subscription.PubSub, Type: "pubsub.darq"))
            .Append((Name: Text(options, "PubSub"), Type: "pubsub.darq"))
            .Append((Name: Text(options, "StateStore"), Type: "state.darq"))
            .Append((Name: Text(options, "Binding"), Type: "bindings.darq"))
            .Where(component => component.Name.Length > 0)
            .Distinct();
    }

    private static object? OptionsOf(IServiceProvider services) =>
        Type.GetType(SdkOptions) is { } type
            ? services.GetService(typeof(IOptions<>).MakeGenericType(type)) is { } options
                ? options.GetType().GetProperty(nameof(IOptions<object>.Value))?.GetValue(options)
                : null
            : null;

    private static string Text(object? options, string name) => options?.GetType().GetProperty(name)?.GetValue(options) as string ?? "";
}
