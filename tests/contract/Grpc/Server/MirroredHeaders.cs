using Darq.Grpc;
using Darq.Tests.Contract.Grpc.Messages;
using Google.Protobuf;

namespace Darq.Tests.Contract.Grpc.Server;

/// <summary>
/// Tells a client what its headers looked like here, and sends each back twice: as a header and, prefixed, as a trailer.
/// </summary>
internal static class MirroredHeaders
{
    public static HeadersResponse Of(HeadersRequest request, ServerCall call)
    {
        var response = new HeadersResponse();
        foreach (var name in request.Names)
            response.Headers.Add(name.EndsWith("-bin", StringComparison.Ordinal) ? Bytes(name, call) : Text(name, call));
        return response;
    }

    private static HeadersResponse.Types.Header Text(string name, ServerCall call)
    {
        foreach (var value in call.RequestHeaders.All(name))
        {
            call.ResponseHeaders.Add(name, value);
            call.ResponseTrailers.Add("t-" + name, value);
        }

        return new() { Name = name, Text = { call.RequestHeaders.All(name) }, LastText = call.RequestHeaders.Last(name) ?? "" };
    }

    private static HeadersResponse.Types.Header Bytes(string name, ServerCall call)
    {
        var value = call.RequestHeaders.LastBinary(name) ?? [];
        call.ResponseHeaders.Add(name, value);
        call.ResponseTrailers.Add("t-" + name, value);
        return new() { Name = name, Text = { call.RequestHeaders.All(name) }, LastBytes = ByteString.CopyFrom(value) };
    }
}
