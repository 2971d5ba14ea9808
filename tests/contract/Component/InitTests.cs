using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Grpc.Core;
using Xunit;

namespace Darq.Tests.Contract;

[Collection(SharedComponent.Name)]
public sealed class InitTests(ComponentFixture fixture)
{
    [Fact]
    public async Task Every_service_is_initialised_answers_its_features_and_a_ping()
    {
        using var client = fixture.Client();
        await client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "app"));
        await client.InitStateAsync(("redisHost", fixture.Redis.Host));
        await client.InitInputAsync(("redisHost", fixture.Redis.Host), ("topic", "t"), ("appID", "app"));
        await client.InitOutputAsync(("redisHost", fixture.Redis.Host), ("topic", "t"), ("appID", "app"));

        var pubsub = await client.CallAsync("PubSub/Features", new FeaturesRequest(), FeaturesResponse.Parser);
        var state = await client.CallAsync("StateStore/Features", new FeaturesRequest(), FeaturesResponse.Parser);
        var operations = await client.CallAsync("OutputBinding/ListOperations", new ListOperationsRequest(), ListOperationsResponse.Parser);
        var max = await client.CallAsync(
            "TransactionalStoreMultiMaxSize/MultiMaxSize",
            new MultiMaxSizeRequest(),
            MultiMaxSizeResponse.Parser
        );

        Assert.Equal(["BULK_PUBSUB", "BULK_SUBSCRIBE_IMMEDIATE", "MESSAGE_TTL"], pubsub.Features);
        Assert.Equal(["ETAG", "TRANSACTIONAL", "TTL"], state.Features);
        Assert.Equal(["publish", "create", "step", "extend", "barrier", "status"], operations.Operations);
        Assert.Equal(100_000, max.MaxSize);
        foreach (var service in new[] { "PubSub", "StateStore", "InputBinding", "OutputBinding" })
        {
            await client.CallAsync($"{service}/Ping", new PingRequest(), PingResponse.Parser);
        }
    }

    [Fact]
    public async Task Init_reports_all_mistakes_at_once_with_key_value_form_and_nearest_name()
    {
        using var client = fixture.Client();
        var refused = await client.RefusalAsync(
            "PubSub/Init",
            new PubSubInitRequest
            {
                Metadata = ComponentClient.Metadata(
                    ("redisHost", fixture.Redis.Host),
                    ("maxInFlihgt", "5"),
                    ("partitions", "zero"),
                    ("retryDelay", "soon")
                ),
            }
        );

        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.StartsWith("INVALID: 3 settings of pubsub.darq", refused.Message, StringComparison.Ordinal);
        Assert.Contains(
            "\"maxInFlihgt\" is not a setting of pubsub.darq; did you mean maxInFlight?",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "partitions: \"zero\" is not accepted; give a whole number from 1 to 1024",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("retryDelay: \"soon\" is not accepted; give a duration", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_fails_where_the_number_of_partitions_is_not_that_of_the_namespace()
    {
        using var client = fixture.Client();
        await client.InitStateAsync(("redisHost", fixture.Redis.Host), ("namespace", "partitioned"), ("partitions", "8"));
        using var other = fixture.Client();
        var refused = await other.RefusalAsync(
            "StateStore/Init",
            new InitRequest
            {
                Metadata = ComponentClient.Metadata(("redisHost", fixture.Redis.Host), ("namespace", "partitioned"), ("partitions", "16")),
            }
        );

        Assert.Equal(GrpcCode.FailedPrecondition, refused.Code);
        Assert.Contains("set partitions to 8", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_succeeds_without_Redis_in_under_two_seconds_and_calls_answer_Unavailable()
    {
        using var client = fixture.Client();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await client.InitStateAsync(("redisHost", $"127.0.0.1:{Shared.FreePort.Next()}"));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));

        var refused = await client.RefusalAsync("StateStore/Get", new GetRequest { Key = "k" });
        Assert.Equal(GrpcCode.Unavailable, refused.Code);
        Assert.StartsWith("UNAVAILABLE:", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_for_an_instance_that_never_had_Init_says_so()
    {
        using var client = fixture.Client();
        var refused = await client.RefusalAsync("PubSub/Publish", new PublishRequest { Topic = "t" });

        Assert.Equal(GrpcCode.FailedPrecondition, refused.Code);
        Assert.Contains("is not initialised", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Restart the sidecar", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instances_of_one_name_are_separate_in_each_service()
    {
        using var client = fixture.Client();
        await client.InitStateAsync(("redisHost", fixture.Redis.Host));
        var refused = await client.RefusalAsync("PubSub/Ping", new PingRequest());
        Assert.Equal(GrpcCode.FailedPrecondition, refused.Code);
    }

    [Fact]
    public async Task Of_two_instance_headers_the_last_counts()
    {
        var name = fixture.Name("instance");
        using (var client = fixture.Client(name))
        {
            await client.InitStateAsync(("redisHost", fixture.Redis.Host));
        }

        using var channel = new SocketChannel(fixture.Component.Socket);
        var metadata = new Metadata { { "x-component-instance", "wrong" }, { "x-component-instance", name } };

        await channel.UnaryAsync(
            "dapr.proto.components.v1.StateStore/Get",
            new GetRequest { Key = "k" },
            GetResponse.Parser,
            new GrpcCallOptions(metadata)
        );
    }

    [Fact]
    public async Task A_call_without_instance_header_belongs_to_the_instance_without_a_name()
    {
        using var client = new ComponentClient(fixture.Component.Socket, instance: null);
        await client.InitStateAsync(("redisHost", fixture.Redis.Host));
        await client.CallAsync("StateStore/Ping", new PingRequest(), PingResponse.Parser);
    }
}
