using Xunit;

namespace Darq.Tests.Unit.Instances;

/// <summary>Whose instance a call means, where the processes of sidecars are hidden: a connection stands for its process.</summary>
public sealed class HiddenSidecarTests : IAsyncLifetime
{
    private readonly SidecarWorld _world = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_connection_that_sent_an_Init_always_finds_its_instance()
    {
        var (one, other) = (_world.Connect(), _world.Connect());
        await _world.InitAsync(one, "a");
        await _world.InitAsync(other, "b");

        Assert.Equal("a", await _world.NamespaceAsync(one));
        Assert.Equal("b", await _world.NamespaceAsync(other));
    }

    [Fact]
    public async Task A_new_connection_finds_the_instance_whose_connection_was_idle()
    {
        var idle = _world.Connect();
        await _world.InitAsync(idle, "a");
        await _world.DisconnectAsync(idle);

        Assert.Equal("a", await _world.NamespaceAsync(_world.Connect()));
    }

    [Fact]
    public async Task A_new_connection_finds_the_live_instance_and_not_a_newer_one_whose_connection_is_gone()
    {
        var (live, newer) = (_world.Connect(), _world.Connect());
        await _world.InitAsync(live, "a");
        await _world.InitAsync(newer, "b");
        await _world.DisconnectAsync(newer);

        Assert.Equal("a", await _world.NamespaceAsync(_world.Connect()));
    }

    [Fact]
    public async Task A_new_connection_is_refused_where_two_live_instances_differ_and_both_are_named()
    {
        var (one, other) = (_world.Connect(), _world.Connect());
        await _world.InitAsync(one, "a");
        await _world.InitAsync(other, "b", ("appID", "shop"));

        var refused = await _world.RefusalAsync(_world.Connect());

        Assert.Contains("two sidecars have a state.darq \"bank\"", refused, StringComparison.Ordinal);
        Assert.Contains("namespace is \"a\" in one and \"b\" in the other", refused, StringComparison.Ordinal);
        Assert.Contains("appID is not set in one and \"shop\" in the other", refused, StringComparison.Ordinal);
        Assert.Equal("a", await _world.NamespaceAsync(one));
        Assert.Equal("b", await _world.NamespaceAsync(other));
    }

    [Fact]
    public async Task A_new_connection_is_refused_also_where_two_live_instances_differ_in_a_secret()
    {
        await _world.InitAsync(_world.Connect(), "a", ("redisPassword", "hunter1"));
        await _world.InitAsync(_world.Connect(), "a", ("redisPassword", "hunter2"));

        var refused = await _world.RefusalAsync(_world.Connect());

        Assert.Contains("they differ in a secret", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_connection_finds_one_of_two_live_instances_with_equal_settings()
    {
        await _world.InitAsync(_world.Connect(), "a");
        await _world.InitAsync(_world.Connect(), "a");

        Assert.Equal("a", await _world.NamespaceAsync(_world.Connect()));
    }

    [Fact]
    public async Task Sidecars_with_equal_settings_are_paused_one_by_one()
    {
        var (one, other) = (_world.Connect(), _world.Connect());
        await _world.InitAsync(one, "a");
        await _world.InitAsync(other, "a");

        await using var ofOne = await _world.UseAsync(one);
        await using var ofOther = await _world.UseAsync(other);
        Assert.NotSame(ofOne.Instance, ofOther.Instance);
    }

    [Fact]
    public async Task The_newest_Init_takes_the_place_of_all_that_are_not_live()
    {
        var (gone, live) = (_world.Connect(), _world.Connect());
        await _world.InitAsync(gone, "a");
        await _world.InitAsync(live, "b");
        await _world.DisconnectAsync(gone);
        Assert.Equal("b", Assert.Single(_world.Kept.All()).Properties["namespace"]);

        await _world.DisconnectAsync(live);
        await _world.InitAsync(_world.Connect(), "c");

        Assert.Equal("c", Assert.Single(_world.Kept.All()).Properties["namespace"]);
        Assert.Equal("c", await _world.NamespaceAsync(_world.Connect()));
    }

    [Fact]
    public async Task A_new_connection_keeps_the_instance_that_it_found_although_another_sidecar_sends_Init()
    {
        var idle = _world.Connect();
        await _world.InitAsync(idle, "a");
        await _world.DisconnectAsync(idle);
        var again = _world.Connect();
        Assert.Equal("a", await _world.NamespaceAsync(again));

        await _world.InitAsync(_world.Connect(), "b");

        Assert.Equal("a", await _world.NamespaceAsync(again));
        Assert.Equal(2, _world.Kept.All().Count);
    }

    [Fact]
    public async Task A_hot_reload_on_a_new_connection_counts_also_where_the_end_of_the_old_one_is_noticed_later()
    {
        var (old, reload) = (_world.Connect(), _world.Connect());
        await _world.InitAsync(old, "a");
        await _world.InitAsync(reload, "b");
        await _world.DisconnectAsync(old);

        Assert.Equal("b", await _world.NamespaceAsync(reload));
        Assert.Equal("b", await _world.NamespaceAsync(_world.Connect()));
        Assert.Single(_world.Kept.All());
    }

    [Fact]
    public async Task A_repeated_Init_on_one_connection_keeps_its_instance()
    {
        var one = _world.Connect();
        await _world.InitAsync(one, "a");
        await using var before = await _world.UseAsync(one);

        await _world.InitAsync(one, "a");

        await using var after = await _world.UseAsync(one);
        Assert.Same(before.Instance, after.Instance);
        Assert.Single(_world.Kept.All());
    }

    [Fact]
    public async Task A_visible_process_never_gets_what_a_hidden_one_initialised_nor_the_other_way_round()
    {
        var visible = _world.Connect(_world.Start(1));
        await _world.InitAsync(_world.Connect(), "a");
        await _world.RefusalAsync(visible);

        await _world.InitAsync(visible, "b");

        Assert.Equal("a", await _world.NamespaceAsync(_world.Connect()));
    }

    [Fact]
    public async Task After_a_restart_a_new_connection_gets_back_the_one_that_there_was()
    {
        var gone = _world.Connect();
        await _world.InitAsync(gone, "a");
        await _world.DisconnectAsync(gone);
        await _world.InitAsync(_world.Connect(), "b");

        await _world.RestartAsync();

        Assert.Equal("b", await _world.NamespaceAsync(_world.Connect()));
    }

    [Fact]
    public async Task After_a_restart_a_new_connection_is_refused_where_there_were_two_until_one_sends_Init()
    {
        await _world.InitAsync(_world.Connect(), "a");
        await _world.InitAsync(_world.Connect(), "b");

        await _world.RestartAsync();
        Assert.Contains("two sidecars have", await _world.RefusalAsync(_world.Connect()), StringComparison.Ordinal);

        await _world.InitAsync(_world.Connect(), "a");
        Assert.Equal("a", await _world.NamespaceAsync(_world.Connect()));
        Assert.Single(_world.Kept.All());
    }

    [Fact]
    public async Task A_component_that_stops_keeps_the_Inits_of_connections_that_it_closes()
    {
        var (one, other) = (_world.Connect(), _world.Connect());
        await _world.InitAsync(one, "a");
        await _world.InitAsync(other, "b");

        _world.Table.Stop();
        await _world.DisconnectAsync(one);
        await _world.DisconnectAsync(other);

        Assert.Equal(2, _world.Kept.All().Count);
    }
}
