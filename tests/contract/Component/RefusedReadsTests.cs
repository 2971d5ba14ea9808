using Darq.Protos;
using Darq.Tests.Shared;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>Reads that state.darq cannot answer, and what it says of them.</summary>
public sealed class RefusedReadsTests
{
    [Fact]
    public async Task Values_that_no_sidecar_takes_in_one_answer_are_refused_and_logged_once_for_their_prefix()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "store");
        await client.InitStateAsync(("redisHost", redis.Host));
        BulkGetRequest[] reads = [await SaveAsync(client, "app||wf||one||"), await SaveAsync(client, "app||wf||two||")];

        GrpcStatus[] refused = [.. await Task.WhenAll(reads.Concat(reads).Select(read => client.RefusalAsync("StateStore/BulkGet", read)))];

        Assert.All(refused, status => Assert.StartsWith("TOO_LARGE: the 3 values have ", status.Message, StringComparison.Ordinal));
        string[] prefixes = ["app||wf||one||", "app||wf||two||"];
        await Eventually.TrueAsync(
            () => prefixes.All(prefix => LinesOf(component, prefix) == 1),
            TimeSpan.FromSeconds(10),
            "each prefix has its line"
        );
    }

    [Fact]
    public async Task A_query_is_told_what_to_do_instead()
    {
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "store");

        var refused = await client.RefusalAsync("QueriableStateStore/Query", new QueryRequest());

        Assert.Equal(GrpcCode.Unimplemented, refused.Code);
        Assert.StartsWith("NOT_SERVED: state.darq does not answer queries.", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<BulkGetRequest> SaveAsync(ComponentClient client, string prefix)
    {
        var read = new BulkGetRequest();
        for (var i = 0; i < 3; i++)
        {
            var value = ByteString.CopyFrom(new byte[1_500_000]);
            await client.CallAsync("StateStore/Set", new SetRequest { Key = $"{prefix}{i}", Value = value }, SetResponse.Parser);
            read.Items.Add(new GetRequest { Key = $"{prefix}{i}" });
        }

        return read;
    }

    private static int LinesOf(ComponentProcess component, string prefix) =>
        component.Process.Output.All.Count(line => line.Contains($"keys begin with '{prefix}'", StringComparison.Ordinal));
}
