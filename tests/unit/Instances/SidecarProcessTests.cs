using Xunit;

namespace Darq.Tests.Unit.Instances;

/// <summary>Whose instance a call means, where the component sees the processes of its sidecars.</summary>
public sealed class SidecarProcessTests : IAsyncLifetime
{
    private readonly SidecarWorld _world = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Two_processes_with_one_component_name_keep_their_settings()
    {
        var (one, other) = (_world.Connect(_world.Start(1)), _world.Connect(_world.Start(2)));
        await _world.InitAsync(one, "a");
        await _world.InitAsync(other, "b");

        Assert.Equal("a", await _world.NamespaceAsync(one));
        Assert.Equal("b", await _world.NamespaceAsync(other));
        Assert.Equal(2, _world.Kept.All().Count);
    }

    [Fact]
    public async Task The_newest_Init_of_a_process_holds_on_all_its_connections_and_on_no_other()
    {
        var (one, other) = (_world.Start(1), _world.Connect(_world.Start(2)));
        var first = _world.Connect(one);
        await _world.InitAsync(first, "a");
        await _world.InitAsync(other, "b");

        var reload = _world.Connect(one);
        await _world.InitAsync(reload, "c");

        Assert.Equal("c", await _world.NamespaceAsync(reload));
        Assert.Equal("c", await _world.NamespaceAsync(first));
        Assert.Equal("b", await _world.NamespaceAsync(other));
    }

    [Fact]
    public async Task A_call_that_is_inside_keeps_the_instance_that_it_entered()
    {
        var one = _world.Connect(_world.Start(1));
        await _world.InitAsync(one, "a");
        await using var use = await _world.UseAsync(one);

        await _world.InitAsync(one, "b");

        Assert.Equal("a", use.Instance.Options.Namespace.Name);
        Assert.Equal("b", await _world.NamespaceAsync(one));
    }

    [Fact]
    public async Task A_repeated_Init_keeps_the_instance_also_on_another_connection()
    {
        var process = _world.Start(1);
        var one = _world.Connect(process);
        await _world.InitAsync(one, "a");
        await using var before = await _world.UseAsync(one);

        await _world.InitAsync(_world.Connect(process), "a");

        await using var after = await _world.UseAsync(one);
        Assert.Same(before.Instance, after.Instance);
    }

    [Fact]
    public async Task A_process_that_was_idle_finds_its_instance_on_a_new_connection_although_another_sent_Init_since()
    {
        var process = _world.Start(1);
        var idle = _world.Connect(process);
        await _world.InitAsync(idle, "a");
        await _world.DisconnectAsync(idle);
        await _world.InitAsync(_world.Connect(_world.Start(2)), "b");
        await _world.RemoveEndedAsync();

        Assert.Equal("a", await _world.NamespaceAsync(_world.Connect(process)));
    }

    [Fact]
    public async Task A_process_with_the_id_of_an_earlier_one_gets_nothing_of_it()
    {
        var earlier = _world.Connect(_world.Start(1));
        await _world.InitAsync(earlier, "a");

        var later = _world.Connect(_world.Start(1, start: 2));

        Assert.Contains("is not initialised", await _world.RefusalAsync(later), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instances_and_what_is_kept_of_them_go_with_their_process()
    {
        var (one, other) = (_world.Connect(_world.Start(1)), _world.Connect(_world.Start(2)));
        await _world.InitAsync(one, "a");
        await _world.InitAsync(other, "b");

        _world.End(1);
        await _world.RemoveEndedAsync();
        Assert.Equal(2, _world.Kept.All().Count);
        await _world.DisconnectAsync(one);
        await _world.RemoveEndedAsync();

        Assert.Equal(2, Assert.Single(_world.Kept.All()).Process.Id);
        Assert.Contains(_world.Log.Lines, line => line.Text == "The sidecar with process 1 has ended; removed StateStore 'bank'");
    }

    [Fact]
    public async Task After_a_restart_each_process_gets_back_its_own()
    {
        var (one, other) = (_world.Start(1), _world.Start(2));
        await _world.InitAsync(_world.Connect(one), "a");
        await _world.InitAsync(_world.Connect(other), "b");

        await _world.RestartAsync();

        Assert.Equal("a", await _world.NamespaceAsync(_world.Connect(one)));
        Assert.Equal("b", await _world.NamespaceAsync(_world.Connect(other)));
        Assert.Contains(
            _world.Log.Lines,
            line => line.Text == "Brought back StateStore 'bank' of process 2 from its Init before the restart"
        );
    }

    [Fact]
    public async Task What_is_kept_of_a_process_that_ends_without_a_call_after_the_restart_is_removed()
    {
        foreach (var id in (int[])[1, 2, 3])
        {
            await _world.InitAsync(_world.Connect(_world.Start(id)), "a");
        }

        _world.End(1);
        _world.Start(2, start: 2);
        await _world.RestartAsync();
        Assert.Equal(3, Assert.Single(_world.Kept.All()).Process.Id);

        _world.End(3);
        await _world.RemoveEndedAsync();
        Assert.Empty(_world.Kept.All());
    }

    [Fact]
    public async Task The_log_names_process_and_app_of_an_instance()
    {
        var one = _world.Connect(_world.Start(812));
        await _world.InitAsync(one, "a", ("appID", "shop"));

        Assert.Contains(
            _world.Log.Lines,
            line =>
                line.Text
                == "Initialised StateStore 'bank' of process 812 (app \"shop\") in namespace a; "
                    + "Redis has not answered yet, and is asked again and again"
        );
    }

    [Fact]
    public async Task A_kept_Init_that_does_not_say_whose_it_is_is_removed_with_a_warning()
    {
        await _world.InitAsync(_world.Connect(_world.Start(1)), "a");
        await File.WriteAllTextAsync(
            Path.Combine(_world.Kept.FullPath, "darq.sock.StateStore.old.json"),
            """{ "service": "StateStore", "instance": "old", "properties": {}, "withheld": [], "format": 1 }"""
        );

        await _world.RestartAsync();

        Assert.Single(Directory.GetFiles(_world.Kept.FullPath));
        Assert.Contains(_world.Log.Lines, line => line.Text.Contains("The Init of StateStore 'old'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Finding_an_instance_allocates_nothing()
    {
        const int Calls = 1000;
        var one = _world.Connect(_world.Start(1));
        await _world.InitAsync(one, "a");
        await CallAsync(Calls);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var calls = CallAsync(Calls);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(calls.IsCompletedSuccessfully);
        Assert.InRange(allocated, 0, Calls);

        async Task CallAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                await using var use = await _world.Table.UseAsync(one, SidecarWorld.Key);
            }
        }
    }

    [Fact]
    public async Task Timeouts_that_instances_share_are_named_where_they_differ()
    {
        await _world.InitAsync(_world.Connect(_world.Start(1)), "a", ("callTimeout", "3s"));
        Assert.DoesNotContain(_world.Log.Lines, line => line.Name == "TimeoutsAreShared");

        await _world.InitAsync(_world.Connect(_world.Start(2)), "a", ("callTimeout", "4s"));

        var line = Assert.Single(_world.Log.Lines, line => line.Name == "TimeoutsAreShared");
        Assert.Contains("callTimeout 00:00:03 hold", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_level_of_durability_that_instances_share_is_named_where_another_names_another()
    {
        await _world.InitAsync(_world.Connect(_world.Start(1)), "a", ("durability", "reply"));
        await _world.InitAsync(_world.Connect(_world.Start(2)), "a", ("durability", "reply"));
        Assert.DoesNotContain(_world.Log.Lines, line => line.Name == "DurabilityIsShared");

        await _world.InitAsync(_world.Connect(_world.Start(3)), "a", ("durability", "replicated:1"));

        var line = Assert.Single(_world.Log.Lines, line => line.Name == "DurabilityIsShared");
        Assert.Contains("durability reply holds for all of them", line.Text, StringComparison.Ordinal);
        Assert.EndsWith("names replicated:1", line.Text, StringComparison.Ordinal);
    }
}
