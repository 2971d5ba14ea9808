using Darq.Component.Components;
using Darq.Component.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Darq.Benchmarks.Floor;

/// <summary>
/// The least that a pluggable component can be: served by the component's own code, in a process of its own, it holds everything in
/// memory and answers at once. What a load costs beside it is what sockets and gRPC cost anyway.
/// </summary>
internal static class FloorComponent
{
    public const string Mode = "floor";
    public const string SocketOption = "--socket";

    /// <summary>Serves on the socket until the process is ended.</summary>
    public static async Task RunAsync(string socket)
    {
        var pubSub = new PubSubFloor();
        var binding = new BindingFloor();
        var state = new StateFloor();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(options =>
            {
                GrpcEndpoints.Configure(options);
                options.ListenUnixSocket(socket);
            });
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<DeliveryDrain>().AddGrpcEndpoints();
        await using var app = builder.Build();
        app.MapGrpcEndpoints([pubSub.Served, .. state.Served, .. binding.Served]);
        await app.RunAsync();
    }
}
