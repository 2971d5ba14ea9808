using System.Net.Sockets;

namespace Darq.Sidecar.Apps;

/// <summary>Where the app listens.</summary>
internal sealed record AppPort(string Host, int Number)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until the port accepts connections.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        while (true)
        {
            using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await probe.ConnectAsync(Host, Number, cancellation);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(Pause, cancellation);
            }
        }
    }
}
