using Google.Protobuf;

namespace Darq.Benchmarks.Client;

/// <summary>A single call, waited for: what sets a scenario up, and a load that does one thing after the other.</summary>
internal static class PlainCall
{
    public static void Ask(this LoadConnection connection, Method method, IMessage request) =>
        connection.Ask(method, Template.Framed(request));

    /// <summary>Takes a message with its gRPC prefix; returns the answer's bytes.</summary>
    public static byte[] Ask(this LoadConnection connection, Method method, ReadOnlySpan<byte> framed)
    {
        var ended = new Ended();
        connection.Start(method, ended, framed);
        while (!ended.Yes)
        {
            connection.Pump();
        }

        return ended.Answer;
    }

    private sealed class Ended : ICallSink
    {
        public bool Yes { get; private set; }

        public byte[] Answer { get; private set; } = [];

        public void Received(Call call, ReadOnlySpan<byte> message) => Answer = message.ToArray();

        public void Completed(Call call) => Yes = true;
    }
}
