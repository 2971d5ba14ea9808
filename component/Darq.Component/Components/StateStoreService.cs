using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Protos;
using Grpc.Core;
using StateStore = Darq.Protos.StateStore;

namespace Darq.Component.Components;

/// <summary>The service StateStore: single values, and bulk calls, which by contract are many single ones.</summary>
internal sealed class StateStoreService(Calls calls, ILogger<StateStoreService> log) : StateStore.StateStoreBase
{
    private const ComponentService Service = ComponentService.StateStore;

    public static readonly IReadOnlyList<string> Supported = ["ETAG", "TRANSACTIONAL", "TTL"];

    private readonly OversizedAnswers _oversized = new(log);

    public ServedService Served => new(StateStore.Descriptor, binder => StateStore.BindService(binder, this));

    public override Task<InitResponse> Init(InitRequest request, ServerCallContext context) =>
        calls.InitAsync<InitResponse>(Service, request.Metadata, context);

    public override Task<FeaturesResponse> Features(FeaturesRequest request, ServerCallContext context) =>
        Task.FromResult(new FeaturesResponse { Features = { Supported } });

    public override async Task<GetResponse> Get(GetRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        var key = StateRequests.Key(request);
        var values = await use.Engine.State.GetAsync([key], StateRequests.Ack(request), context.CancellationToken);
        return StateRequests.ToResponse(key, values[0], PartitionsOf(use));
    }

    public override async Task<SetResponse> Set(SetRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        try
        {
            var upsert = StateRequests.Upsert(request, use.Instance.Options.DefaultTimeToLive);
            await use.Engine.State.ApplyAsync(upsert, context.CancellationToken);
            return new SetResponse();
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, CallKind.State);
        }
    }

    public override async Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        try
        {
            await use.Engine.State.ApplyAsync(StateRequests.Delete(request), context.CancellationToken);
            return new DeleteResponse();
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, CallKind.State);
        }
    }

    /// <summary>One item for each key asked for, in that order, as one snapshot.</summary>
    public override async Task<BulkGetResponse> BulkGet(BulkGetRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        var keys = request.Items.Select(StateRequests.Key).ToArray();
        var ack = AckLevels.Together(request.Items.Select(StateRequests.Ack));
        var values = await use.Engine.State.GetAsync(keys, ack, context.CancellationToken);
        var partitions = PartitionsOf(use);
        var response = new BulkGetResponse
        {
            Items = { values.Select((value, index) => StateRequests.ToItem(keys[index], value, partitions)) },
        };
        _oversized.Check(use.Instance.Name, keys is [var first, ..] ? first.Key : "", keys.Length, response.CalculateSize());
        return response;
    }

    public override async Task<BulkSetResponse> BulkSet(BulkSetRequest request, ServerCallContext context)
    {
        await ApplyAllAsync(
            context,
            use => request.Items.Select(item => StateRequests.Upsert(item, use.Instance.Options.DefaultTimeToLive))
        );
        return new BulkSetResponse();
    }

    public override async Task<BulkDeleteResponse> BulkDelete(BulkDeleteRequest request, ServerCallContext context)
    {
        await ApplyAllAsync(context, _ => request.Items.Select(StateRequests.Delete));
        return new BulkDeleteResponse();
    }

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => calls.PingAsync(Service, context);

    private static int PartitionsOf(InstanceUse use) => use.Engine.Primary.Keys.Partitions;

    private async ValueTask ApplyAllAsync(ServerCallContext context, Func<InstanceUse, IEnumerable<StateOperation>> operations)
    {
        await using var use = await calls.UseAsync(Service, context);
        try
        {
            await use.Engine.State.ApplyAllAsync([.. operations(use)], context.CancellationToken);
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, CallKind.State);
        }
    }
}
