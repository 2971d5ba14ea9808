using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// Reads a call's outcome from what HTTP/2 delivered: trailers, the headers of a trailers-only answer, an HTTP status that is no gRPC
/// answer, a reset stream or a lost connection.
/// </summary>
internal static class GrpcResponse
{
    /// <summary>The status of an answer without a body or without being gRPC at all; null if messages may follow.</summary>
    public static GrpcStatus? Early(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
            return new(FromHttp(response.StatusCode), $"unexpected HTTP status code received from server: {(int)response.StatusCode}");
        if (response.Headers.NonValidated.Contains("grpc-status"))
            return FromFields(response.Headers);
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        return type.StartsWith("application/grpc", StringComparison.Ordinal)
            ? null
            : new(GrpcCode.Unknown, $"unexpected content-type \"{type}\"");
    }

    public static GrpcStatus Late(HttpResponseMessage response) => FromFields(response.TrailingHeaders);

    public static GrpcStatus FromFault(Exception fault, string socketPath) => fault switch
    {
        GrpcCallException call => call.Status,
        OperationCanceledException => new(GrpcCode.Canceled, "context canceled"),
        HttpProtocolException protocol => FromReset(protocol),
        _ when Find<HttpProtocolException>(fault) is { } protocol => FromReset(protocol),
        _ when Find<SocketException>(fault) is { } socket => Unreachable(socket, socketPath),
        _ => new(GrpcCode.Unavailable, "error reading from server: EOF"),
    };

    public static GrpcMetadata Metadata(HttpHeaders headers)
    {
        var metadata = new GrpcMetadata();
        foreach (var (key, values) in headers.NonValidated)
            foreach (var value in values)
                metadata.Add(key, value);
        return metadata;
    }

    private static GrpcStatus FromFields(HttpHeaders fields)
    {
        var code = First(fields, "grpc-status");
        if (!int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return new(GrpcCode.Internal, "server closed the stream without sending trailers");
        var details = First(fields, "grpc-status-details-bin") is { } text ? GrpcMetadata.Decode(text) : null;
        return new(number <= (int)GrpcCode.Unauthenticated ? (GrpcCode)number : GrpcCode.Unknown, Unescape(First(fields, "grpc-message") ?? ""), details);
    }

    private static string? First(HttpHeaders fields, string name) =>
        fields.NonValidated.TryGetValues(name, out var values) ? values.First() : null;

    /// <summary>Decodes %XX and leaves what is no valid escape as it is, as the protocol asks of a client.</summary>
    internal static string Unescape(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
            return text;
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                bytes.Add(code);
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, 1));
            }
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static GrpcCode FromHttp(HttpStatusCode code) => code switch
    {
        HttpStatusCode.BadRequest => GrpcCode.Internal,
        HttpStatusCode.Unauthorized => GrpcCode.Unauthenticated,
        HttpStatusCode.Forbidden => GrpcCode.PermissionDenied,
        HttpStatusCode.NotFound => GrpcCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => GrpcCode.Unavailable,
        _ => GrpcCode.Unknown,
    };

    private static GrpcStatus FromReset(HttpProtocolException reset)
    {
        var code = reset.ErrorCode switch
        {
            7 => GrpcCode.Unavailable,         // REFUSED_STREAM
            8 => GrpcCode.Canceled,            // CANCEL
            11 => GrpcCode.ResourceExhausted,  // ENHANCE_YOUR_CALM
            12 => GrpcCode.PermissionDenied,   // INADEQUATE_SECURITY
            _ => GrpcCode.Internal,
        };
        return new(code, $"stream terminated by RST_STREAM with error code: {reset.ErrorCode}");
    }

    private static GrpcStatus Unreachable(SocketException socket, string path)
    {
        var reason = socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connection refused",
            SocketError.AddressNotAvailable or SocketError.HostNotFound => "no such file or directory",
            SocketError.AccessDenied => "permission denied",
            _ => socket.Message,
        };
        return new(GrpcCode.Unavailable, $"connection error: desc = \"transport: Error while dialing: dial unix {path}: connect: {reason}\"");
    }

    private static T? Find<T>(Exception? fault) where T : Exception
    {
        for (; fault is not null; fault = fault.InnerException)
            if (fault is T found)
                return found;
        return null;
    }
}
