using Darq.Contract;
using Darq.Grpc;
using Darq.Partitions;
using Darq.State;

namespace Darq.Hosting;

/// <summary>The service StateStore: single values, and bulk calls, which by contract are many single ones.</summary>
internal sealed class StateStoreService(Calls calls)
{
    private const ComponentService Service = ComponentService.StateStore;

    private static readonly string[] Supported = ["ETAG", "TRANSACTIONAL", "TTL"];

    public ServiceDefinition Definition => new ServiceDefinition(StateReflection.Descriptor.Services.Single(service => service.Name == "StateStore"))
        .Unary("Init", InitRequest.Parser, InitAsync)
        .Unary("Features", FeaturesRequest.Parser, FeaturesAsync)
        .Unary("Get", GetRequest.Parser, GetAsync)
        .Unary("Set", SetRequest.Parser, SetAsync)
        .Unary("Delete", DeleteRequest.Parser, DeleteAsync)
        .Unary("BulkGet", BulkGetRequest.Parser, BulkGetAsync)
        .Unary("BulkSet", BulkSetRequest.Parser, BulkSetAsync)
        .Unary("BulkDelete", BulkDeleteRequest.Parser, BulkDeleteAsync)
        .Unary("Ping", PingRequest.Parser, PingAsync);

    private ValueTask<InitResponse> InitAsync(InitRequest request, ServerCall call) => calls.InitAsync<InitResponse>(Service, request.Metadata, call);

    private static ValueTask<FeaturesResponse> FeaturesAsync(FeaturesRequest request, ServerCall call) =>
        ValueTask.FromResult(new FeaturesResponse { Features = { Supported } });

    private async ValueTask<GetResponse> GetAsync(GetRequest request, ServerCall call)
    {
        await using var use = await calls.UseAsync(Service, call);
        var values = await use.Engine.State.GetAsync([StateRequests.Key(request.Key, request.Metadata)], call.Cancelled);
        return StateRequests.ToResponse(values[0]);
    }

    private async ValueTask<SetResponse> SetAsync(SetRequest request, ServerCall call)
    {
        await using var use = await calls.UseAsync(Service, call);
        try
        {
            await use.Engine.State.ApplyAsync(StateRequests.Upsert(request, use.Instance.Options.DefaultTimeToLive), call.Cancelled);
            return new SetResponse();
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, CallKind.State);
        }
    }

    private async ValueTask<DeleteResponse> DeleteAsync(DeleteRequest request, ServerCall call)
    {
        await using var use = await calls.UseAsync(Service, call);
        try
        {
            await use.Engine.State.ApplyAsync(StateRequests.Delete(request), call.Cancelled);
            return new DeleteResponse();
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, CallKind.State);
        }
    }

    /// <summary>One item for each key asked for, in that order, all seen at one moment.</summary>
    private async ValueTask<BulkGetResponse> BulkGetAsync(BulkGetRequest request, ServerCall call)
    {
        await using var use = await calls.UseAsync(Service, call);
        var keys = request.Items.Select(item => StateRequests.Key(item.Key, item.Metadata)).ToArray();
        var values = await use.Engine.State.GetAsync(keys, call.Cancelled);
        return new BulkGetResponse { Items = { values.Select((value, index) => StateRequests.ToItem(keys[index].Key, value)) } };
    }

    private async ValueTask<BulkSetResponse> BulkSetAsync(BulkSetRequest request, ServerCall call)
    {
        await ApplyAllAsync(call, use => request.Items.Select(item => StateRequests.Upsert(item, use.Instance.Options.DefaultTimeToLive)));
        return new BulkSetResponse();
    }

    private async ValueTask<BulkDeleteResponse> BulkDeleteAsync(BulkDeleteRequest request, ServerCall call)
    {
        await ApplyAllAsync(call, _ => request.Items.Select(StateRequests.Delete));
        return new BulkDeleteResponse();
    }

    private ValueTask<PingResponse> PingAsync(PingRequest request, ServerCall call) => calls.PingAsync(Service, call);

    private async ValueTask ApplyAllAsync(ServerCall call, Func<InstanceUse, IEnumerable<StateOperation>> operations)
    {
        await using var use = await calls.UseAsync(Service, call);
        try
        {
            await ApplyAllAsync(use, [.. operations(use)], call);
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, CallKind.State);
        }
    }

    /// <summary>
    /// Tries every operation, started in their order so that the last of equal keys wins, and then reports one fault. The gravest
    /// speaks: where something failed for another reason than an etag, "etag mismatch" would say that the rest is saved.
    /// </summary>
    private static async ValueTask ApplyAllAsync(InstanceUse use, IReadOnlyList<StateOperation> operations, ServerCall call)
    {
        var applying = operations.Select(operation => use.Engine.State.ApplyAsync(operation, call.Cancelled).AsTask()).ToArray();
        var all = Task.WhenAll(applying);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        var faults = all.Exception?.InnerExceptions ?? [];
        if (faults.FirstOrDefault(fault => fault is not DarqException { Refusal: Refusal.Conflict or Refusal.InvalidEtag }) is { } grave)
            throw grave;
        if (faults.OfType<DarqException>().MaxBy(fault => fault.Refusal == Refusal.InvalidEtag) is { } etag)
            throw new DarqException(etag.Refusal, faults.Count == 1 ? etag.Message : $"{etag.Message} {faults.Count} of {operations.Count} items did not match; the others took effect.");
        await all;
    }
}
