using Darq.Contract;
using Darq.Grpc;
using Darq.Partitions;

namespace Darq.Hosting;

/// <summary>
/// What every call of every service has in common: find the instance that its header names and hold it while the work runs.
/// Refusals become a status at the server, those of Init here; what nobody foresaw is the server's to log and to answer.
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
        try
        {
            await instances.InitAsync(service, InstanceOf(call), new Dictionary<string, string>(metadata?.Properties ?? []), call.Cancelled);
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, CallKind.Init);
        }

        return new TResponse();
    }

    /// <summary>Enters the instance of a call; dispose of what comes back when its work is done. Throws <see cref="DarqException"/> where there is none.</summary>
    public ValueTask<InstanceUse> UseAsync(ComponentService service, ServerCall call) => instances.UseAsync(service, InstanceOf(call));

    /// <summary>Runs a stream until its client goes or the component stops.</summary>
    public async Task StreamAsync(ComponentService service, ServerCall call, Func<InstanceUse, CancellationToken, Task> work)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(call.Cancelled, drain.Ending);
        try
        {
            await using var use = await UseAsync(service, call);
            await work(use, ending.Token);
        }
        catch (OperationCanceledException) when (drain.Ending.IsCancellationRequested && !call.Cancelled.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.Unavailable, "UNAVAILABLE: the component stops.");
        }
    }

    /// <summary>Answers only if Redis does now.</summary>
    public async ValueTask<PingResponse> PingAsync(ComponentService service, ServerCall call)
    {
        await using var use = await UseAsync(service, call);
        await use.Engine.Primary.PingAsync(call.Cancelled);
        return new PingResponse();
    }
}
