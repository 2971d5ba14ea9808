using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Engine.Core;
using Darq.Protos;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace Darq.Component.Components;

/// <summary>
/// The common part of every call of every service: find the instance that its connection and header name, and keep it alive while the
/// work runs.
/// <see cref="FaultInterceptor"/> turns errors and unexpected faults into a status; those of Init become one here.
/// </summary>
internal sealed class Calls(InstanceTable instances, DeliveryDrain drain, TimeProvider time)
{
    /// <summary>How much later than its caller this process may notice that a deadline is over.</summary>
    private static readonly TimeSpan Behind = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// The name of the instance: the last value of the header, because a call made from inside a delivery carries the delivering
    /// stream's name first. Tools that send none share one instance without a name.
    /// </summary>
    public static string InstanceOf(ServerCallContext call)
    {
        // Metadata of the call would join the values with a comma, and copy all other headers.
        var values = call.GetHttpContext().Request.Headers["x-component-instance"];
        return values.Count == 0 ? "" : values[^1] ?? "";
    }

    public async Task<TResponse> InitAsync<TResponse>(ComponentService service, MetadataRequest? metadata, ServerCallContext call)
        where TResponse : new()
    {
        try
        {
            var properties = new Dictionary<string, string>(metadata?.Properties ?? []);
            await instances.InitAsync(SidecarOf(call), new(service, InstanceOf(call)), properties, call.CancellationToken);
        }
        catch (DarqException fault)
        {
            throw Faults.ToRpc(fault, CallKind.Init);
        }

        return new TResponse();
    }

    /// <summary>
    /// Enters the instance of a call; dispose the result when the work is done. Throws <see cref="DarqException"/> where there is none.
    /// </summary>
    public ValueTask<InstanceUse> UseAsync(ComponentService service, ServerCallContext call) =>
        instances.UseAsync(SidecarOf(call), new(service, InstanceOf(call)));

    /// <summary>Whether the caller has given up, or may have at about this moment, so that the answer reaches nobody.</summary>
    public bool MayBeUnheard(ServerCallContext call) =>
        call.CancellationToken.IsCancellationRequested
        || call.Deadline != DateTime.MaxValue && call.Deadline - time.GetUtcNow().UtcDateTime < Behind;

    /// <summary>Runs a stream until its client goes or the component stops.</summary>
    public async Task StreamAsync(ComponentService service, ServerCallContext call, Func<InstanceUse, CancellationToken, Task> work)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken, drain.Ending);
        try
        {
            await using var use = await UseAsync(service, call);
            await work(use, ending.Token);
        }
        catch (OperationCanceledException) when (drain.Ending.IsCancellationRequested && !call.CancellationToken.IsCancellationRequested)
        {
            throw Faults.Of(StatusCode.Unavailable, "UNAVAILABLE: the component stops.");
        }
    }

    /// <summary>Answers only if Redis does now.</summary>
    public async Task<PingResponse> PingAsync(ComponentService service, ServerCallContext call)
    {
        await using var use = await UseAsync(service, call);
        await use.Engine.Primary.PingAsync(call.CancellationToken);
        return new PingResponse();
    }

    /// <summary>The sidecar at the other end of the connection.</summary>
    private static Sidecar SidecarOf(ServerCallContext call) => call.GetHttpContext().Features.GetRequiredFeature<Sidecar>();
}
