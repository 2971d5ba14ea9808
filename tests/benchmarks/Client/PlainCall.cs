using Google.Protobuf;

namespace Darq.Benchmarks.Client;

/// <summary>A single call, waited for: what a scenario needs to set things up.</summary>
internal static class PlainCall
{
    public static void Ask(this LoadConnection connection, Method method, IMessage request)
    {
        var ended = new Ended();
        connection.Start(method, ended, Template.Framed(request));
        while (!ended.Yes)
        {
            connection.Pump();
        }
    }

    private sealed class Ended : ICallSink
    {
        public bool Yes { get; private set; }

        public void Received(Call call, ReadOnlySpan<byte> message) { }

        public void Completed(Call call) => Yes = true;
    }
}
