using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Darq.Testing.Apps;

/// <summary>Remembers which delivery a handler works on, so that each of its calls to the sidecar is known to be of that one.</summary>
internal sealed class DeliveryContext : IStartupFilter
{
    public const string Header = "x-darq-test-delivery";

    private static readonly AsyncLocal<string?> Delivery = new();

    /// <summary>The number of the delivery that the calling code works on; null where it works on none.</summary>
    public static string? Current => Delivery.Value;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            app.Use(
                (context, following) =>
                {
                    Delivery.Value = context.Request.Headers.TryGetValue(Header, out var number) ? number.ToString() : null;
                    return following(context);
                }
            );
            next(app);
        };
}
