using System.Globalization;
using System.Text;
using Darq.Grpc.Contract;
using Google.Protobuf;

namespace Darq.Grpc;

/// <summary>
/// Writes how a call ended as the protocol wants it in trailers: a number, a percent-encoded text, and the same once more
/// with its details as a <c>google.rpc.Status</c>, whose code must be the same number or clients discard both.
/// </summary>
internal static class StatusText
{
    private static readonly byte[] HexDigits = "0123456789ABCDEF"u8.ToArray();

    public static void Write(IHeaderDictionary trailers, StatusCode code, RpcException? fault)
    {
        trailers["grpc-status"] = ((int)code).ToString(CultureInfo.InvariantCulture);
        if (fault is null)
            return;
        trailers["grpc-message"] = PercentEncode(fault.Message);
        if (fault.Details.Count == 0)
            return;
        var status = new Status { Code = (int)code, Message = fault.Message, Details = { fault.Details } };
        trailers["grpc-status-details-bin"] = Metadata.Encode(status.ToByteArray());
    }

    internal static string PercentEncode(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !text.Contains('%'))
            return text;
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (value is >= (byte)' ' and <= (byte)'~' and not (byte)'%')
                encoded.Append((char)value);
            else
                encoded.Append('%').Append((char)HexDigits[value >> 4]).Append((char)HexDigits[value & 15]);
        }

        return encoded.ToString();
    }
}
