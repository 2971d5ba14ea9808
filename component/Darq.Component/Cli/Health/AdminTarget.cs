using System.Net;
using Darq.Component.Admin;
using Darq.Component.Configuration;

namespace Darq.Component.Cli.Health;

/// <summary>Where a running component is asked: an address to connect to, or why there is none.</summary>
internal sealed record AdminTarget(IPEndPoint? Address, string Error)
{
    public const string Option = "--admin";

    /// <summary>The option, else the variable that the component itself reads, else its default.</summary>
    public static AdminTarget Read(string? option, Func<string, string?> variable)
    {
        var name = option is null ? AdminOptions.Variable : Option;
        var text = option ?? variable(AdminOptions.Variable);
        if (string.IsNullOrEmpty(text) && option is null)
        {
            return new(AdminOptions.Standard, "");
        }

        if (text!.Equals(AdminOptions.Off, StringComparison.OrdinalIgnoreCase))
        {
            return new(null, $"{name} is {AdminOptions.Off}: there is no admin endpoint to ask; give the component one, such as {Example}");
        }

        if (!AdminOptions.TryRead(text, out var address))
        {
            return new(
                null,
                $"{name}: {SettingValues.Show(text)} is not accepted; give an IP address or localhost with a port, such as {Example} or "
                    + "[::1]:9464"
            );
        }

        return address.Port == 0
            ? new(null, $"{name}: {SettingValues.Show(text)} leaves the port open; give {Option} with the one in the component's log")
            : new(new(Reachable(address.Address), address.Port), "");
    }

    private static string Example => AdminOptions.Standard.ToString();

    /// <summary>A component that listens on all addresses is asked on the loopback one.</summary>
    private static IPAddress Reachable(IPAddress address) =>
        address.Equals(IPAddress.Any) ? IPAddress.Loopback
        : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
        : address;
}
