using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Darq.Tests.Integration.EndToEnd;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Sdk;

/// <summary>
/// One of the programs in examples/sdk with what stands around it: Redis, a component and a sidecar, which a test kills as well, and a
/// customer with a component and sidecar of its own, who publishes the orders and is told what was shipped.
/// </summary>
internal sealed class Shop : IAsyncDisposable
{
    private const int Stock = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly List<Order> _orders = [];
    private readonly TempFolder _files = new();
    private RedisServer _redis = null!;
    private TestApp _customer = null!;
    private ComponentProcess _customersComponent = null!;
    private Sidecar _customersSidecar = null!;
    private SidecarOptions _own = null!;

    private Shop() { }

    public ComponentProcess Component { get; private set; } = null!;

    public Sidecar Sidecar { get; private set; } = null!;

    /// <summary>The program that ships the orders.</summary>
    public StepProgram Program { get; private set; } = null!;

    /// <summary>With a program to which the sidecar brings the orders; one without a protocol has no port and calls the sidecar.</summary>
    public static Task<Shop> OpenAsync(string? protocol, string folder, params string[] command) =>
        OpenAsync(shop => StepProgram.StartAsync(folder, command, shop._own), protocol);

    /// <summary>With a program that finds them in a file, each twice.</summary>
    public static Task<Shop> OpenOnFileAsync(int count, string folder, params string[] command) =>
        OpenAsync(shop => StepProgram.StartAsync(folder, [.. command, shop.WriteDown(count)], shop._own), protocol: null);

    private static async Task<Shop> OpenAsync(Func<Shop, Task<StepProgram>> startProgram, string? protocol)
    {
        var shop = new Shop();
        try
        {
            await shop.StartAsync(startProgram, protocol);
            return shop;
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ten more orders, each published twice, as by a customer who did not hear the first answer.</summary>
    public async Task OrderTenAsync()
    {
        for (var i = 0; i < 10; i++)
        {
            await OrderAsync("tea");
        }
    }

    public async Task OrderAsync(string item)
    {
        var order = Take(item);
        for (var time = 0; time < 2; time++)
        {
            await PublishAsync(order);
        }
    }

    /// <summary>Waits until so many parcels came.</summary>
    public Task ShippedAsync(int count) =>
        Eventually.TrueAsync(() => _customer.Handled.Count >= count, Patience, $"{count} orders are shipped");

    /// <summary>Puts a thousand pieces on the shelf.</summary>
    public Task FillAsync(string item) =>
        Eventually.TrueAsync(
            async () =>
            {
                using var answer = await Sidecar.Http.PostAsJsonAsync(
                    "v1.0/state/statestore",
                    new[] { new { key = $"stock-{item}", value = Stock } }
                );
                return answer.StatusCode == HttpStatusCode.NoContent;
            },
            Patience,
            $"{item} is in stock"
        );

    /// <summary>
    /// Waits until all is shipped, and checks that each order took effect once: in the stock, in the book, and at the customer's.
    /// </summary>
    public async Task CheckAsync()
    {
        await ShippedAsync(_orders.Count);
        var left = await ReadAsync("stock-tea") + await ReadAsync("stock-rare");

        Assert.Equal(2 * Stock - _orders.Sum(order => order.Count), left);
        foreach (var order in _orders)
        {
            Assert.Contains(
                $"\"{order.Id}\"",
                await Sidecar.Http.GetStringAsync($"v1.0/state/statestore/order-{order.Id}"),
                StringComparison.Ordinal
            );
        }

        Assert.Equal(_orders.Select(order => order.Id).Order(), _customer.Handled.Select(IdOf).Order());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in (IAsyncDisposable?[])[Program, Sidecar, Component, _customersSidecar, _customersComponent, _customer, _redis])
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }

        _files.Dispose();
    }

    private async Task StartAsync(Func<Shop, Task<StepProgram>> startProgram, string? protocol)
    {
        _redis = await RedisServer.StartAsync();
        _customer = await TestApp.StartAsync("pubsub", "shipped");
        _customersComponent = await ComponentProcess.StartAsync();
        var resources = Resources();
        _customersSidecar = await Sidecar.StartAsync(
            new SidecarOptions
            {
                AppId = "customer",
                AppPort = _customer.Port,
                SocketsFolder = _customersComponent.SocketsFolder,
                Resources = resources,
            }
        );
        Component = await ComponentProcess.StartAsync();
        _own = new SidecarOptions
        {
            AppId = "shop",
            AppPort = protocol is null ? null : FreePort.Next(),
            AppProtocol = protocol ?? "http",
            SocketsFolder = Component.SocketsFolder,
            Resources = resources,
        };
        if (protocol is not null)
        {
            Program = await startProgram(this);
        }

        Sidecar = await Sidecar.StartAsync(_own);
        await FillAsync("tea");
        if (protocol is null)
        {
            Program = await startProgram(this);
        }
    }

    /// <summary>Each order twice; the last one is for what is not in stock.</summary>
    private string WriteDown(int count)
    {
        var orders = Enumerable.Range(0, count).Select(_ => Take("tea")).Append(Take("rare"));
        var lines = string.Concat(orders.Select(order => $"{order.Id},{order.Item},{order.Count}\n"));
        return _files.Write("orders.csv", lines + lines);
    }

    /// <summary>The files that users copy, with the test's own Redis.</summary>
    private Dictionary<string, string> Resources() =>
        Directory
            .GetFiles(Repository.PathOf("examples", "sdk", "components"))
            .ToDictionary(
                path => Path.GetFileName(path),
                path => File.ReadAllText(path).Replace("localhost:6379", _redis.Host, StringComparison.Ordinal)
            );

    private Order Take(string item)
    {
        var order = new Order($"o{_orders.Count}", item, _orders.Count % 3 + 1);
        _orders.Add(order);
        return order;
    }

    private async Task PublishAsync(Order order)
    {
        // One after the other for each item: orders that met would only disturb each other at its stock.
        var uri = new Uri($"v1.0/publish/pubsub/orders?metadata.darq.id={order.Id}&metadata.partitionKey={order.Item}", UriKind.Relative);
        using var answer = await _customersSidecar.Http.PostAsJsonAsync(uri, order);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<int> ReadAsync(string key) =>
        int.Parse((await Sidecar.Http.GetStringAsync($"v1.0/state/statestore/{key}")).Trim('"'), CultureInfo.InvariantCulture);

    private static string IdOf(string order) => JsonDocument.Parse(order).RootElement.GetProperty("id").GetString()!;

    private sealed record Order(string Id, string Item, int Count);
}
