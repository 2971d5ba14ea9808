using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Darq.AspNetCore.Subscriptions;

/// <summary>
/// Answers the sidecar's question for subscriptions where the app maps no answer itself. Dapr's MapSubscribeHandler lists steps as well,
/// but needs reflection; an app whose only subscriptions are steps does without it.
/// </summary>
internal sealed class SubscribeFilter(StepEndpoints steps) : IStartupFilter
{
    private const string Path = "/dapr/subscribe";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            app.Use(AnswerAsync);
            next(app);
        };

    private Task AnswerAsync(HttpContext context, RequestDelegate next) =>
        HttpMethods.IsGet(context.Request.Method) && context.Request.Path == Path && !steps.IsMapped(Path)
            ? WriteAsync(context.Response)
            : next(context);

    private async Task WriteAsync(HttpResponse response)
    {
        SubscriptionEntry[] entries =
        [
            .. steps.All.Select(step => new SubscriptionEntry(
                step.Subscription.PubSub,
                step.Subscription.Topic,
                step.Route,
                step.Subscription.Settings
            )),
        ];
        response.ContentType = "application/json";
        await JsonSerializer
            .SerializeAsync(response.Body, entries, SubscriptionJson.Default.SubscriptionEntryArray, response.HttpContext.RequestAborted)
            .ConfigureAwait(false);
    }
}
