using System.Text;
using Darq.Benchmarks.Client;
using Google.Protobuf;

namespace Darq.Benchmarks.Scenarios;

/// <summary>Texts of a given weight, in the form in which a sidecar hands them over.</summary>
internal static class Payload
{
    /// <summary>A value that an app keeps.</summary>
    public static byte[] Value(int bytes) => Padded("{\"text\":\"", "\"}", bytes);

    /// <summary>What an app publishes, with a number by which it knows it again.</summary>
    public static byte[] Numbered(long number, int bytes) => Padded($"{{\"number\":{number},\"text\":\"", "\"}", bytes);

    /// <summary>An event as the sidecar makes it of what an app publishes; its id is a place for a number.</summary>
    public static ByteString Event(string topic, int bytes) =>
        ByteString.CopyFrom(
            Padded(
                "{\"data\":{\"text\":\"",
                $"\"}},\"datacontenttype\":\"application/json\",\"id\":\"5a0ddfa6-3c5a-{Template.Marker}\",\"pubsubname\":\"bench-pubsub\",\"source\":\"bench\",\"specversion\":\"1.0\","
                    + $"\"time\":\"2026-01-01T00:00:00Z\",\"topic\":\"{topic}\",\"traceid\":\"\",\"traceparent\":\"\",\"tracestate\":\"\",\"type\":\"com.dapr.event.sent\"}}",
                bytes
            )
        );

    /// <summary>A key as the sidecar prefixes it.</summary>
    public static string Key(string number) => "bench||key-" + number;

    private static byte[] Padded(string before, string after, int bytes) =>
        Encoding.ASCII.GetBytes(before + new string('x', bytes - before.Length - after.Length) + after);
}
