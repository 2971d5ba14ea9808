using System.Diagnostics;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Darq.Tests.Contract.Recordings;

/// <summary>What scripted gRPC servers have in common: messages travel as bytes, so that one handler serves every method.</summary>
internal static class ScriptedGrpc
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    public static ServiceProvider Services()
    {
        // Routing asks for the listener, which a host would have.
        var services = new ServiceCollection().AddLogging().AddSingleton(new DiagnosticListener("scripted"));
        services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = null;
            options.IgnoreUnknownServices = true;
        });
        return services.BuildServiceProvider();
    }

    /// <summary>Calls that nothing is mapped for go to <paramref name="refuse"/>, or are answered with HTTP's 404.</summary>
    public static RequestDelegate Pipeline(IServiceProvider services, Action<IEndpointRouteBuilder> map, RequestDelegate? refuse = null)
    {
        var app = new ApplicationBuilder(services);
        app.UseRouting().UseEndpoints(map);
        if (refuse is not null)
        {
            app.Run(refuse);
        }

        return app.Build();
    }

    public static Method<byte[], byte[]> Method(MethodType type, MethodDescriptor method) =>
        new(type, method.Service.FullName, method.Name, Bytes, Bytes);

    /// <summary>The headers of a call; of those that came twice both values.</summary>
    public static IEnumerable<KeyValuePair<string, string>> HeadersOf(ServerCallContext call) =>
        call.GetHttpContext().Request.Headers.Select(header => KeyValuePair.Create(header.Key, string.Join(", ", header.Value.ToArray())));
}
