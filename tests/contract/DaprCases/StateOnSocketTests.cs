using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract.DaprCases;

/// <summary>The cases of state through the component's socket, on a real Redis.</summary>
[Collection(SharedComponent.Name)]
public sealed class StateOnSocketTests(ComponentFixture fixture) : StateConformance
{
    /// <summary>Dapr's suite fails where a feature is listed without being served, or served without being listed.</summary>
    [Fact]
    public async Task Features()
    {
        using var client = await InitAsync();
        await client.CallAsync("StateStore/Ping", new PingRequest(), PingResponse.Parser);

        var features = await client.CallAsync("StateStore/Features", new FeaturesRequest(), FeaturesResponse.Parser);

        Assert.Equal(["ETAG", "TRANSACTIONAL", "TTL"], features.Features.Order(StringComparer.Ordinal));
    }

    private protected override async Task PlayAsync(Func<IStateSurface, Task> play)
    {
        using var client = await InitAsync();
        await play(new Surface(client, fixture.Name("conformance")));
    }

    private async Task<ComponentClient> InitAsync()
    {
        var client = fixture.Client();
        await client.InitStateAsync(("redisHost", fixture.Redis.Host));
        return client;
    }

    private sealed class Surface(ComponentClient client, string prefix) : IStateSurface
    {
        public string Key(string suffix) => $"{prefix}-{suffix}";

        public Task<GetResponse> GetAsync(string key) =>
            client.CallAsync("StateStore/Get", new GetRequest { Key = key }, GetResponse.Parser);

        public async Task<IReadOnlyList<BulkStateItem>> BulkGetAsync(params IEnumerable<string> keys)
        {
            var request = new BulkGetRequest { Items = { keys.Select(key => new GetRequest { Key = key }) } };
            return (await client.CallAsync("StateStore/BulkGet", request, BulkGetResponse.Parser)).Items;
        }

        public Task<StateOutcome> SetAsync(SetRequest request) => OutcomeAsync("StateStore/Set", request);

        public Task<StateOutcome> DeleteAsync(DeleteRequest request) => OutcomeAsync("StateStore/Delete", request);

        public Task<StateOutcome> BulkSetAsync(params IEnumerable<SetRequest> requests) =>
            OutcomeAsync("StateStore/BulkSet", new BulkSetRequest { Items = { requests } });

        public Task<StateOutcome> BulkDeleteAsync(params IEnumerable<DeleteRequest> requests) =>
            OutcomeAsync("StateStore/BulkDelete", new BulkDeleteRequest { Items = { requests } });

        public Task<StateOutcome> TransactAsync(TransactionalStateRequest request) =>
            OutcomeAsync("TransactionalStateStore/Transact", request);

        public Task DelayAsync(TimeSpan time) => Task.Delay(time);

        private async Task<StateOutcome> OutcomeAsync(string method, IMessage request) =>
            await client.RefusalAsync(method, request) switch
            {
                { IsOK: true } => StateOutcome.Done,
                { Code: GrpcCode.FailedPrecondition, Details: not null } => StateOutcome.EtagMismatch,
                { Code: GrpcCode.InvalidArgument, Details: not null } => StateOutcome.EtagInvalid,
                _ => StateOutcome.Refused,
            };
    }
}
