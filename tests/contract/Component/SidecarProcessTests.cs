using Darq.Protos;
using Darq.Tests.Shared;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>Several sidecars on one component, each a process, with components of one name.</summary>
[Trait("Lane", "Slow")]
public sealed class SidecarProcessTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<RelayProcess> _relays = [];
    private RedisServer _redis = null!;
    private ComponentProcess? _component;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var relay in _relays)
        {
            await relay.DisposeAsync();
        }

        if (_component is not null)
        {
            await _component.DisposeAsync();
        }

        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Sidecars_with_one_component_name_keep_to_their_namespaces_also_after_a_restart_of_the_component()
    {
        _component = await ComponentProcess.StartAsync();
        var (one, other) = (await SidecarAsync(), await SidecarAsync());
        using var ofOne = one.Client("st");
        using var ofOther = other.Client("st");
        await InitAsync(ofOne, "one");
        await InitAsync(ofOther, "other");
        await SetAsync(ofOne, "1");
        await SetAsync(ofOther, "2");
        Assert.Equal(("1", "2"), (await GetAsync(ofOne), await GetAsync(ofOther)));
        Assert.Contains(
            _component.Process.Output.All,
            line => line.Contains($"Initialised StateStore 'st' of process {one.Id} in namespace one", StringComparison.Ordinal)
        );

        await _component.RestartAsync();
        using var afterOne = one.Client("st");
        using var afterOther = other.Client("st");

        Assert.Equal(("1", "2"), (await GetAsync(afterOne), await GetAsync(afterOther)));
    }

    [Fact]
    public async Task A_hot_reload_of_one_sidecar_leaves_the_other_alone_and_a_new_connection_finds_the_newest()
    {
        _component = await ComponentProcess.StartAsync();
        var (one, other) = (await SidecarAsync(), await SidecarAsync());
        using var ofOther = other.Client("st");
        using (var before = one.Client("st"))
        {
            await InitAsync(before, "one");
            await InitAsync(ofOther, "other");
            await SetAsync(ofOther, "2");
        }

        using (var reload = one.Client("st"))
        {
            await InitAsync(reload, "three");
            await SetAsync(reload, "3");
        }

        using var again = one.Client("st");
        Assert.Equal(("3", "2"), (await GetAsync(again), await GetAsync(ofOther)));
    }

    [Fact]
    public async Task The_end_of_a_sidecar_takes_its_instances_and_their_files_along()
    {
        _component = await ComponentProcess.StartAsync();
        var (one, other) = (await SidecarAsync(), await SidecarAsync());
        using var ofOne = one.Client("st");
        using var ofOther = other.Client("st");
        await InitAsync(ofOne, "one");
        await InitAsync(ofOther, "other");
        Assert.Equal(2, Kept().Length);

        await one.KillAsync();

        await _component.Process.WaitForLineAsync("has ended; removed StateStore 'st'", Patience);
        await Eventually.TrueAsync(() => Kept().Length == 1, Patience, "the file of the sidecar that ended is gone");
        await SetAsync(ofOther, "2");
    }

    [Fact]
    public async Task Sidecars_whose_processes_are_hidden_keep_to_their_namespaces_and_none_gets_what_is_anothers()
    {
        Assert.SkipUnless(await ComponentProcess.CanBeContainedAsync(), "This machine lets no user make namespaces (unshare -Urpf).");
        _component = await ComponentProcess.StartContainedAsync();
        var (one, other) = (await SidecarAsync(), await SidecarAsync());
        using var ofOne = one.Client("st");
        using var ofOther = other.Client("st");
        await InitAsync(ofOne, "one");
        await SetAsync(ofOne, "1");
        using (var idle = one.Client("st"))
        {
            Assert.Equal("1", await GetAsync(idle));
        }

        await InitAsync(ofOther, "other");
        await SetAsync(ofOther, "2");
        Assert.Equal(("1", "2"), (await GetAsync(ofOne), await GetAsync(ofOther)));
        Assert.Contains(
            _component.Process.Output.All,
            line => line.Contains("Initialised StateStore 'st' of a hidden process in namespace one", StringComparison.Ordinal)
        );

        using var unknown = other.Client("st");
        var refused = await unknown.RefusalAsync("StateStore/Get", new GetRequest { Key = "k" });
        Assert.Equal(Shared.GrpcClient.GrpcCode.FailedPrecondition, refused.Code);
        Assert.Contains("namespace is \"one\" in one and \"other\" in the other", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_restart_a_hidden_sidecar_goes_on_alone_and_two_are_refused_until_they_send_Init()
    {
        Assert.SkipUnless(await ComponentProcess.CanBeContainedAsync(), "This machine lets no user make namespaces (unshare -Urpf).");
        _component = await ComponentProcess.StartContainedAsync();
        var (one, other) = (await SidecarAsync(), await SidecarAsync());
        using var ofOne = one.Client("st");
        await InitAsync(ofOne, "one");
        await SetAsync(ofOne, "1");
        await _component.RestartAsync();
        Assert.Equal("1", await GetAsync(ofOne));

        using var ofOther = other.Client("st");
        await InitAsync(ofOther, "other");
        await _component.RestartAsync();
        var refused = await ofOne.RefusalAsync("StateStore/Get", new GetRequest { Key = "k" });
        Assert.Contains("two sidecars have a state.darq \"st\"", refused.Message, StringComparison.Ordinal);

        await InitAsync(ofOne, "one");
        await InitAsync(ofOther, "other");
        Assert.Equal(("1", ""), (await GetAsync(ofOne), await GetAsync(ofOther)));
    }

    private async Task<RelayProcess> SidecarAsync()
    {
        var relay = await RelayProcess.StartAsync(_component!);
        _relays.Add(relay);
        return relay;
    }

    private string[] Kept() => Directory.GetFiles(Path.Combine(_component!.SocketsFolder, ".darq"));

    private Task InitAsync(ComponentClient client, string @namespace) =>
        client.InitStateAsync(("redisHost", _redis.Host), ("namespace", @namespace));

    private static Task<SetResponse> SetAsync(ComponentClient client, string value) =>
        client.CallAsync("StateStore/Set", new SetRequest { Key = "k", Value = ByteString.CopyFromUtf8(value) }, SetResponse.Parser);

    private static async Task<string> GetAsync(ComponentClient client) =>
        (await client.CallAsync("StateStore/Get", new GetRequest { Key = "k" }, GetResponse.Parser)).Data.ToStringUtf8();
}
