using System.Text.Json;
using Dapr.Client;
using Dapr.Client.Autogen.Grpc.v1;
using Darq.Sidecar;
using Darq.Testing.Calls;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using BulkStateItem = Dapr.Client.Autogen.Grpc.v1.BulkStateItem;

namespace Darq.Tests.Sdk.Sidecar;

/// <summary>Which client the calls go through, and what a read asks for.</summary>
public sealed class DaprSidecarTests
{
    [Fact]
    public async Task The_apps_own_client_is_used_and_left_to_the_app()
    {
        using var client = new DaprClientBuilder().UseGrpcEndpoint("http://127.0.0.1:1").Build();
        var services = new ServiceCollection()
            .AddSingleton(client)
            .AddDarqClient(options => (options.PubSub, options.StateStore) = ("bank", "ledger"))
            .BuildServiceProvider();
        Assert.NotNull(
            await Record.ExceptionAsync(() => services.GetRequiredService<ISidecar>().ReadAsync("a", TestContext.Current.CancellationToken))
        );

        await services.DisposeAsync();

        var failure = await Record.ExceptionAsync(() => client.GetMetadataAsync(TestContext.Current.CancellationToken));
        Assert.IsNotType<ObjectDisposedException>(failure);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(AckLevel.Durable, "durable")]
    [InlineData(AckLevel.Speculative, "speculative")]
    public async Task A_read_of_one_key_or_of_several_says_the_level_of_the_app(AckLevel? level, string? word)
    {
        List<string?> asked = [];
        using var channel = new SidecarChannel
        {
            Serve = (method, request, _) => Task.FromResult<IMessage?>(Answer(method, request, asked)),
        };
        using var client = channel.CreateClient(JsonSerializerOptions.Web);
        await using var services = new ServiceCollection()
            .AddSingleton(client)
            .AddDarqClient(options => (options.PubSub, options.StateStore, options.Ack) = ("bank", "ledger", level))
            .BuildServiceProvider();
        var sidecar = services.GetRequiredService<ISidecar>();

        await sidecar.ReadAsync("a", TestContext.Current.CancellationToken);
        await sidecar.ReadAsync(["a", "b"], TestContext.Current.CancellationToken);

        Assert.Equal([word, word], asked);
    }

    [Fact]
    public async Task A_call_that_its_caller_cancelled_is_cancelled()
    {
        using var client = new DaprClientBuilder().UseGrpcEndpoint("http://127.0.0.1:1").Build();
        await using var services = new ServiceCollection()
            .AddSingleton(client)
            .AddDarqClient(options => (options.PubSub, options.StateStore, options.Binding) = ("bank", "ledger", "work"))
            .BuildServiceProvider();
        var sidecar = services.GetRequiredService<ISidecar>();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var metadata = new Dictionary<string, string>();
        Func<Task>[] calls =
        [
            () => sidecar.ReadAsync("a", cancelled.Token),
            () => sidecar.ReadAsync(["a", "b"], cancelled.Token),
            () => sidecar.TransactAsync([new("a", null, StateOperationType.Delete)], metadata, cancelled.Token),
            () => sidecar.InvokeBindingAsync("step", [], metadata, cancelled.Token),
            () => sidecar.PublishAsync("orders", default, metadata, cancelled.Token),
            () => sidecar.ComponentsAsync(cancelled.Token),
        ];

        foreach (var call in calls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(call);
        }
    }

    private static IMessage Answer(string method, byte[] request, List<string?> asked)
    {
        if (method == "GetState")
        {
            var one = GetStateRequest.Parser.ParseFrom(request);
            asked.Add(one.Consistency == default ? Level(one.Metadata) : $"{one.Consistency}");
            return new GetStateResponse { Etag = "1-1" };
        }

        var several = GetBulkStateRequest.Parser.ParseFrom(request);
        asked.Add(Level(several.Metadata));
        return new GetBulkStateResponse { Items = { several.Keys.Select(key => new BulkStateItem { Key = key, Etag = "1-1" }) } };
    }

    private static string? Level(MapField<string, string> metadata) => metadata.TryGetValue("darq.ack", out var word) ? word : null;
}
