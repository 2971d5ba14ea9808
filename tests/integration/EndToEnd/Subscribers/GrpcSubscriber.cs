using System.Net;
using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Darq.Tests.Shared;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Integration.EndToEnd.Subscribers;

/// <summary>An app on gRPC: a handler that throws answers an error.</summary>
internal sealed class GrpcSubscriber : Subscriber, IPodApp
{
    private readonly WebApplication _app;

    private GrpcSubscriber()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
            options.Listen(IPAddress.Loopback, Port, endpoint => endpoint.Protocols = HttpProtocols.Http2)
        );
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new Callback(this));
        _app = builder.Build();
        _app.MapGrpcService<Callback>();
    }

    public int Port { get; } = FreePort.Next();

    public string Protocol => "grpc";

    public override IPodApp App => this;

    public static async Task<Subscriber> StartAsync()
    {
        var subscriber = new GrpcSubscriber();
        await subscriber._app.StartAsync();
        return subscriber;
    }

    public override ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class Callback(GrpcSubscriber subscriber) : AppCallback.AppCallbackBase
    {
        public override Task<ListTopicSubscriptionsResponse> ListTopicSubscriptions(Empty request, ServerCallContext context) =>
            Task.FromResult(
                new ListTopicSubscriptionsResponse
                {
                    Subscriptions =
                    {
                        new TopicSubscription { PubsubName = PubSub, Topic = Topic },
                    },
                }
            );

        public override async Task<TopicEventResponse> OnTopicEvent(TopicEventRequest request, ServerCallContext context)
        {
            using var data = JsonDocument.Parse(request.Data.Memory);
            var token = context.RequestHeaders.GetValue("darq-token")!;
            return await subscriber.TryHandleAsync(data.RootElement, token)
                ? new()
                : throw new RpcException(new(StatusCode.Internal, "the handler failed"));
        }
    }
}
