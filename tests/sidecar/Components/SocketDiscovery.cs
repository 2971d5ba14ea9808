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
        var open = new List<(SocketChannel Channel, GrpcDuplexCall Call)>();
        try
        {
            foreach (var path in Sockets(folder))
            {
                var channel = new SocketChannel(path);
                var call = await AskAsync(channel, path, cancellation);
                open.Add((channel, call));
                foreach (var kind in await ListAsync(call, path))
                {
                    found[(kind, Path.GetFileNameWithoutExtension(path).ToLowerInvariant())] = path;
                }
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
        {
            yield break;
        }

        foreach (var path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            if (IsSocket(path))
            {
                yield return path;
            }
            else
            {
                SidecarLog.Warn($"could not use socket for file {path}");
            }
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

    /// <summary>Asks for the services, which is when the socket is dialled.</summary>
    private static async Task<GrpcDuplexCall> AskAsync(SocketChannel channel, string path, CancellationToken cancellation)
    {
        for (var pause = FirstPause; ; pause = TimeSpan.FromTicks(Math.Min((long)(pause.Ticks * 1.6), LongestPause.Ticks)))
        {
            var call = channel.Open("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", new(Cancellation: cancellation));
            try
            {
                await call.WriteAsync(new ServerReflectionRequest { ListServices = "*" }, cancellation);
                return call;
            }
            catch (GrpcCallException fault) when (!cancellation.IsCancellationRequested)
            {
                call.Dispose();
                SidecarLog.Warn($"waiting for a component on {path}: {fault.Status.Message}");
                await Task.Delay(pause, cancellation);
            }
        }
    }

    private static async Task<IEnumerable<ComponentKind>> ListAsync(GrpcDuplexCall call, string path)
    {
        var answer = await call.ReadAsync(ServerReflectionResponse.Parser);
        if (answer is null)
        {
            throw new GrpcCallException(call.Status!);
        }

        if (answer.ErrorResponse is { } error)
        {
            throw new GrpcCallException(new((GrpcCode)error.ErrorCode, $"unable to list services of {path}: {error.ErrorMessage}"));
        }

        return from kind in Enum.GetValues<ComponentKind>()
               where answer.ListServicesResponse.Service.Any(service => service.Name == Prefix + kind)
               select kind;
    }

    // Half-close, then wait for the other side to end its stream: a component that does not, stops the sidecar here for ever.
    private static async Task CloseAsync(List<(SocketChannel Channel, GrpcDuplexCall Call)> open, CancellationToken cancellation)
    {
        foreach (var (channel, call) in open)
        {
            await call.CompleteAsync();
            while (await call.ReadAsync(ServerReflectionResponse.Parser, cancellation) is not null) { }
            call.Dispose();
            channel.Dispose();
        }
    }
}
