using Darq.Sidecar.Components.Reflection;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Components;

/// <summary>
/// Finds pluggable components as daprd does: every socket of the folder is asked by reflection v1alpha for its services. One socket that
/// fails makes the whole discovery fail and registers nothing; a stale socket file is dialled again and again, without end.
/// </summary>
internal static class SocketDiscovery
{
    private const string Prefix = "dapr.proto.components.v1.";
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(120);

    /// <summary>The socket path for each kind and component type name (lower case).</summary>
    public static async Task<Dictionary<(ComponentKind Kind, string Name), string>> FindAsync(string folder, CancellationToken cancellation)
    {
        var found = new Dictionary<(ComponentKind, string), string>();
        var open = new List<(GrpcChannel Channel, GrpcDuplexCall Call)>();
        try
        {
            foreach (var path in Sockets(folder))
            {
                var channel = new GrpcChannel(path);
                var call = await DialAsync(channel, path, cancellation);
                open.Add((channel, call));
                foreach (var kind in await ListAsync(call, path))
                    found[(kind, Path.GetFileNameWithoutExtension(path).ToLowerInvariant())] = path;
            }
        }
        catch (GrpcCallException fault)
        {
            SidecarLog.Error($"could not initialize pluggable components: {fault.Message}");
            found.Clear();
        }
        await CloseAsync(open, cancellation);
        return found;
    }

    private static IEnumerable<string> Sockets(string folder)
    {
        if (!Directory.Exists(folder))
            yield break;
        foreach (var path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            if (IsSocket(path))
                yield return path;
            else
                SidecarLog.Warn($"could not use socket for file {path}");
        }
    }

    // .NET does not show a file's kind; but a socket is the one file that cannot be opened (ENXIO) although it is there.
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task<GrpcDuplexCall> DialAsync(GrpcChannel channel, string path, CancellationToken cancellation)
    {
        for (var pause = FirstPause; ; pause = TimeSpan.FromTicks(Math.Min((long)(pause.Ticks * 1.6), LongestPause.Ticks)))
        {
            try
            {
                return await channel.OpenAsync("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", new(Cancellation: cancellation));
            }
            catch (GrpcCallException fault) when (!cancellation.IsCancellationRequested)
            {
                SidecarLog.Warn($"waiting for a component on {path}: {fault.Status.Message}");
                await Task.Delay(pause, cancellation);
            }
        }
    }

    private static async Task<IEnumerable<ComponentKind>> ListAsync(GrpcDuplexCall call, string path)
    {
        await call.WriteAsync(new ServerReflectionRequest { ListServices = "*" });
        var answer = await call.ReadAsync(ServerReflectionResponse.Parser);
        if (answer is null)
            throw new GrpcCallException(call.Status!);
        if (answer.ErrorResponse is { } error)
            throw new GrpcCallException(new((GrpcCode)error.ErrorCode, $"unable to list services of {path}: {error.ErrorMessage}"));
        return from kind in Enum.GetValues<ComponentKind>()
               where answer.ListServicesResponse.Service.Any(service => service.Name == Prefix + kind)
               select kind;
    }

    // Half-close, then wait for the other side to end its stream: a component that does not, stops the sidecar here for ever.
    private static async Task CloseAsync(List<(GrpcChannel Channel, GrpcDuplexCall Call)> open, CancellationToken cancellation)
    {
        foreach (var (channel, call) in open)
        {
            call.Complete();
            while (await call.ReadAsync(ServerReflectionResponse.Parser, cancellation) is not null)
            {
            }
            call.Dispose();
            channel.Dispose();
        }
    }
}
