using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Darq.Tests.Unit.Instances;

/// <summary>Which streams are lost, as readiness says it, across restarts of the component.</summary>
public sealed class StreamRegisterTests : IDisposable
{
    private const ComponentService Service = ComponentService.PubSub;

    private readonly TempFolder _files = new();
    private readonly InitFolder _folder;
    private static readonly Dictionary<string, string> Properties = new() { ["redisHost"] = "localhost" };
    private static readonly InitRecord Record = InitRecords.Of(new(7, 1), new(Service, "bank"), Properties, 1);

    private readonly Instance _instance = new(
        Record,
        Properties,
        new()
        {
            Redis = new Darq.Engine.Redis.RedisOptions { Host = "localhost" },
            Namespace = new NamespaceOptions(),
            Subscription = new(),
        },
        null!,
        new()
    );

    private StreamRegister _register;

    public StreamRegisterTests()
    {
        _folder = new(new SocketOptions(_files.FullPath, "darq.sock", default));
        _register = Register();
        Init();
    }

    public void Dispose() => _files.Dispose();

    [Fact]
    public void A_stream_that_was_open_before_a_restart_is_lost_until_it_is_opened_again()
    {
        _register.Opened(_instance, "orders");
        _register.Opened(_instance, "refunds");

        Restart();
        Assert.Equal(["orders", "refunds"], Lost());

        _register.Opened(_instance, "orders");
        Assert.Equal(["refunds"], Lost());
    }

    [Fact]
    public void A_stream_that_its_sidecar_closed_is_not_lost()
    {
        _register.Opened(_instance, "orders");
        _register.Closed(_instance, "orders");

        Restart();

        Assert.Empty(Lost());
    }

    [Fact]
    public void A_topic_with_two_streams_of_which_one_was_closed_is_lost()
    {
        _register.Opened(_instance, "orders");
        _register.Opened(_instance, "orders");
        _register.Closed(_instance, "orders");

        Restart();

        Assert.Equal(["orders"], Lost());
    }

    [Fact]
    public void An_Init_says_that_the_streams_follow()
    {
        _register.Opened(_instance, "orders");
        Restart();

        Init();
        Assert.Empty(Lost());
        Restart();
        Assert.Empty(Lost());
    }

    [Fact]
    public void An_Init_that_comes_before_the_records_are_read_counts()
    {
        _register.Opened(_instance, "orders");
        var records = _folder.All();
        _register = Register();

        Init();
        _register.Recall(records);

        Assert.Empty(Lost());
    }

    [Fact]
    public void A_repeated_Init_keeps_the_streams_that_are_open()
    {
        _register.Opened(_instance, "orders");

        Init();
        Restart();

        Assert.Equal(["orders"], Lost());
    }

    [Fact]
    public void A_refused_stream_is_lost_until_it_is_opened()
    {
        _register.Fail(_instance, "orders", "its stream was refused");
        Assert.Equal([new(Service, "bank", "orders", "its stream was refused")], _register.Lost);

        _register.Opened(_instance, "orders");
        Assert.Empty(Lost());
    }

    [Fact]
    public void Nobody_misses_the_streams_of_a_sidecar_that_has_ended()
    {
        _register.Opened(_instance, "orders");
        Restart();

        _register.Forget(Record.Process);

        Assert.Empty(Lost());
    }

    [Fact]
    public void A_record_that_was_removed_does_not_come_back_with_the_end_of_a_stream()
    {
        _register.Opened(_instance, "orders");
        _folder.RemoveAll(Record.Process);

        _register.Closed(_instance, "orders");

        Assert.Empty(_folder.All());
    }

    [Fact]
    public void The_number_of_lost_streams_is_bounded()
    {
        for (var i = 0; i < 2 * StreamRegister.MaxLost; i++)
        {
            _register.Fail(_instance, $"t{i}", "refused");
        }

        Assert.Equal(StreamRegister.MaxLost, _register.Lost.Count);
    }

    private void Init()
    {
        _folder.Save(Record with { Topics = _register.Initialised(Record) });
    }

    private void Restart()
    {
        _register = Register();
        _register.Recall(_folder.All());
    }

    private StreamRegister Register() => new(_folder, NullLogger<StreamRegister>.Instance);

    private IEnumerable<string> Lost() => _register.Lost.Select(lost => lost.Topic);
}
