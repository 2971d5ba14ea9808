using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Sdk;

/// <summary>
/// The programs in examples/sdk ship every order once, whatever is killed: the program, its component, its sidecar. All orders are
/// published twice, and one makes its handler throw until its item is in stock.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class StepProgramTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public Task JavaScript_over_HTTP() => ShipAsync("http", "javascript", "node", "http.js");

    [Fact]
    public Task JavaScript_over_gRPC() => ShipAsync("grpc", "javascript", "node", "grpc.js");

    [Fact]
    public Task DotNet() => ShipAsync("http", "dotnet", Repository.Binary("examples/sdk/dotnet", "Shop"));

    [Fact]
    public Task Python_over_gRPC() => ShipByPythonAsync("grpc", "grpc_app.py");

    [Fact]
    public Task Python_with_FastAPI() => ShipByPythonAsync("http", "fastapi_app.py");

    [Fact]
    public Task Python_with_a_streaming_subscription() => ShipByPythonAsync(protocol: null, "streaming.py");

    [Fact]
    public async Task Bash_and_curl()
    {
        await using var shop = await Shop.OpenOnFileAsync(20, "bash", "./ship.sh");
        await shop.ShippedAsync(5);
        await shop.Program.RestartAsync();
        await shop.ShippedAsync(8);
        await shop.Sidecar.RestartAsync();
        await shop.ShippedAsync(11);
        await shop.Component.RestartAsync();
        await shop.Program.Process.WaitForLineAsync("no stock of rare", Patience);
        await shop.FillAsync("rare");
        Assert.Equal(0, await shop.Program.Process.WaitForExitAsync(Patience));

        await shop.CheckAsync();
    }

    private static Task ShipByPythonAsync(string? protocol, string program)
    {
        Assert.SkipWhen(Tools.PythonSdkMissing is not null, $"Dapr's SDK for Python could not be had: {Tools.PythonSdkMissing}");
        return ShipAsync(protocol, "python", Tools.Python, program);
    }

    internal static async Task ShipAsync(string? protocol, string folder, params string[] command)
    {
        await using var shop = await Shop.OpenAsync(protocol, folder, command);
        await shop.OrderAsync("rare");
        await shop.Program.Process.WaitForLineAsync("no stock of rare", Patience);

        await shop.OrderTenAsync();
        await shop.Program.RestartAsync();
        await shop.OrderTenAsync();
        await shop.Sidecar.RestartAsync();
        await shop.OrderTenAsync();
        await shop.Component.RestartAsync();
        await shop.Sidecar.RestartAsync();
        await shop.OrderTenAsync();
        await shop.FillAsync("rare");

        await shop.CheckAsync();
    }
}
