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
        var values = await use.Engine.State.GetAsync([StateRequests.Key(request)], context.CancellationToken);
        return StateRequests.ToResponse(values[0]);
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
        var values = await use.Engine.State.GetAsync(keys, context.CancellationToken);
        var response = new BulkGetResponse { Items = { values.Select((value, index) => StateRequests.ToItem(keys[index].Key, value)) } };
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

    private async ValueTask ApplyAllAsync(ServerCallContext context, Func<InstanceUse, IEnumerable<StateOperation>> operations)
    {
        await using var use = await calls.UseAsync(Service, context);
        try
        {
            await ApplyAllAsync(use, [.. operations(use)], context);
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, CallKind.State);
        }
    }

    /// <summary>
    /// Starts every operation in order, so that the last of equal keys wins, and then reports one fault. A fault other than an etag's
    /// goes first: "etag mismatch" alone would imply that the other items are saved.
    /// </summary>
    private static async ValueTask ApplyAllAsync(InstanceUse use, IReadOnlyList<StateOperation> operations, ServerCallContext context)
    {
        var applying = operations.Select(operation => use.Engine.State.ApplyAsync(operation, context.CancellationToken).AsTask()).ToArray();
        var all = Task.WhenAll(applying);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        var faults = all.Exception?.InnerExceptions ?? [];
        if (faults.FirstOrDefault(fault => fault is not DarqException { Code: ErrorCode.Conflict or ErrorCode.InvalidEtag }) is { } grave)
        {
            throw grave;
        }

        if (faults.OfType<DarqException>().MaxBy(fault => fault.Code == ErrorCode.InvalidEtag) is { } etag)
        {
            throw new DarqException(
                etag.Code,
                faults.Count == 1
                    ? etag.Message
                    : $"{etag.Message} {faults.Count} of {operations.Count} items did not match; the others took effect."
            );
        }

        await all;
    }
}
