using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Darq.Component.Configuration;
using Darq.Component.Host;

namespace Darq.Component.Admin;

/// <summary>
/// Where the admin endpoint listens, from the process environment; no address where it is off. <paramref name="IsChosen"/> says whether
/// the variable was set.
/// </summary>
internal sealed record AdminOptions(IPEndPoint? Address, bool IsChosen)
{
    public const string Variable = "DARQ_ADMIN_ADDRESS";

    public const string Off = "off";

    /// <summary>The port is the one that exporters of OpenTelemetry for Prometheus have by default.</summary>
    public static readonly IPEndPoint Standard = new(IPAddress.Loopback, 9464);

    /// <summary>Reads the variable; throws <see cref="SocketRefusedException"/> where it has another form.</summary>
    public static AdminOptions Read(Func<string, string?> variable)
    {
        var text = variable(Variable);
        if (string.IsNullOrEmpty(text))
        {
            return new(Standard, IsChosen: false);
        }

        if (text.Equals(Off, StringComparison.OrdinalIgnoreCase))
        {
            return new(null, IsChosen: true);
        }

        return TryRead(text, out var address)
            ? new(address, IsChosen: true)
            : throw new SocketRefusedException(
                $"{Variable}: {SettingValues.Show(text)} is not accepted; give an IP address or localhost with a port, such as {Standard}, "
                    + $"[::1]:9464 or 127.0.0.1:0 for any free port, or {Off}"
            );
    }

    /// <summary>Reads an IP address or localhost with a port.</summary>
    public static bool TryRead(string text, out IPEndPoint address)
    {
        address = Standard;
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return false;
        }

        if (!TryReadHost(text[..colon], out var host))
        {
            return false;
        }

        address = new(host, port);
        return true;
    }

    /// <summary>Only whole addresses: the parser of the platform takes a number alone for one.</summary>
    private static bool TryReadHost(string text, out IPAddress host)
    {
        if (text.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            host = IPAddress.Loopback;
            return true;
        }

        var isV6 = text is ['[', .., ']'];
        return IPAddress.TryParse(isV6 ? text[1..^1] : text, out host!)
            && (isV6 ? host.AddressFamily == AddressFamily.InterNetworkV6 : text.Count(letter => letter == '.') == 3);
    }
}
