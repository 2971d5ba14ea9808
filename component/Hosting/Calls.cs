using Darq.Contract;
using Darq.Grpc;
using Darq.Partitions;

namespace Darq.Hosting;

/// <summary>
/// What every call of every service has in common: find the instance that its header names, hold it while the work runs, and
/// turn a refusal into its status. What nobody foresaw is the server's to log and to answer.
/// </summary>
internal sealed class Calls(InstanceTable instances, DeliveryDrain drain)
{
    /// <summary>
    /// The instance: the last value, because calls made from inside a delivery carry the delivering stream's name first. Tools
    /// that send none share one instance without a name.
    /// </summary>
    public static string InstanceOf(ServerCall call) => call.RequestHeaders.Last("x-component-instance") ?? "";

    public async ValueTask<TResponse> InitAsync<TResponse>(ComponentService service, MetadataRequest? metadata, ServerCall call)
        where TResponse : new()
    {
        await GuardAsync(
            CallKind.Init,
            async () => await instances.InitAsync(service, InstanceOf(call), new Dictionary<string, string>(metadata?.Properties ?? []), call.Cancelled));
        return new TResponse();
    }

    public async ValueTask<TResponse> UnaryAsync<TResponse>(
        ComponentService service, ServerCall call, Func<InstanceUse, ValueTask<TResponse>> work, CallKind kind = CallKind.Plain)
    {
        // Every call comes through here: no closures on the way.
        try
        {
            await using var use = await instances.UseAsync(service, InstanceOf(call));
            return await work(use);
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, kind);
        }
    }

    /// <summary>Runs a stream until its client goes or the component stops.</summary>
    public async Task StreamAsync(ComponentService service, ServerCall call, Func<InstanceUse, CancellationToken, Task> work)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(call.Cancelled, drain.Ending);
        try
        {
            await GuardAsync(CallKind.Plain, async () =>
            {
                await using var use = await instances.UseAsync(service, InstanceOf(call));
                await work(use, ending.Token);
            });
        }
        catch (OperationCanceledException) when (drain.Ending.IsCancellationRequested && !call.Cancelled.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.Unavailable, "UNAVAILABLE: the component stops.");
        }
    }

    /// <summary>Answers only if Redis does now.</summary>
    public ValueTask<PingResponse> PingAsync(ComponentService service, ServerCall call) =>
        UnaryAsync(service, call, async use =>
        {
            await use.Engine.Primary.PingAsync(call.Cancelled);
            return new PingResponse();
        });

    private static async ValueTask GuardAsync(CallKind kind, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, kind);
        }
    }
}
