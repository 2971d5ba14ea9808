using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Cli;

/// <summary><c>darq health</c> as a process beside a running component, as an image's health check runs it.</summary>
public sealed class HealthTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Health_tells_alive_from_not_alive_and_from_nobody_there()
    {
        await using var component = await ComponentProcess.StartWithAdminAsync();
        var address = (await component.AdminAsync()).Authority;
        var environment = new Dictionary<string, string?> { ["DARQ_ADMIN_ADDRESS"] = address };

        Assert.Equal("exit code 0\nalive", $"{await DarqTool.RunAsync(environment, "health")}");
        Assert.Equal("exit code 0\nready", $"{await DarqTool.RunAsync("health", "--ready", "--admin", address)}");

        File.Delete(component.Socket);
        await Eventually.TrueAsync(
            async () => (await DarqTool.RunAsync(environment, "health")).Code == 1,
            Patience,
            "a component whose socket file is gone is not alive"
        );
        var sick = await DarqTool.RunAsync(environment, "health");
        Assert.StartsWith("not alive: ", Assert.Single(sick.Lines), StringComparison.Ordinal);

        await component.KillAsync();
        var gone = await DarqTool.RunAsync(environment, "health");
        Assert.Equal(2, gone.Code);
        Assert.StartsWith($"darq: nobody answers at {address} (Connection refused)", Assert.Single(gone.Lines), StringComparison.Ordinal);
    }
}
