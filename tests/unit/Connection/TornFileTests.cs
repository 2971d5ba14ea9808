using System.Text;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Connection;

/// <summary>When a server is asked to write its append-only file anew, and what becomes of that.</summary>
public sealed class TornFileTests : IAsyncDisposable
{
    private static readonly ServerDescription Restarted = new(
        "Redis",
        new(7, 0),
        "master",
        "noeviction",
        AppendOnly: true,
        ClusterEnabled: false
    )
    {
        ReplicationId = "now",
        HasLoadedFile = true,
    };

    private readonly Server _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Server_that_was_started_on_its_file_writes_it_anew_before_the_recovery()
    {
        Assert.Null(await LeaveAsync(Restarted));
        Assert.Equal(1, _server.Rewrites);
    }

    [Fact]
    public async Task Damaged_header_says_nothing_so_that_the_file_is_written_anew()
    {
        _server.Fault = new RedisRefusedException("WRONGTYPE", "WRONGTYPE Operation against a key holding the wrong kind of value");

        Assert.Null(await LeaveAsync(Restarted));
        Assert.Equal(1, _server.Rewrites);
    }

    [Theory]
    [InlineData(false, "before")] // begun anew since its start, or no file
    [InlineData(true, "now")] // recovered already
    [InlineData(true, null)] // no data
    public async Task Server_with_nothing_to_leave_behind_is_not_asked(bool hasLoadedFile, string? worked)
    {
        _server.Worked = worked;

        Assert.Null(await LeaveAsync(Restarted with { HasLoadedFile = hasLoadedFile }));
        Assert.Equal(0, _server.Rewrites);
    }

    [Fact]
    public async Task Server_that_cannot_do_it_yet_is_waited_for()
    {
        _server.IsBusy = true;

        var waits = await Assert.ThrowsAsync<RedisUnavailableException>(() => LeaveAsync(Restarted));

        Assert.True(waits.HasAnswered);
    }

    [Fact]
    public async Task Server_that_cannot_do_it_for_long_is_worked_with()
    {
        _server.IsBusy = true;
        var torn = new TornFile(_server, new Keys("darq", 4));
        for (var i = 1; i < 8; i++)
        {
            await Assert.ThrowsAsync<RedisUnavailableException>(() => torn.LeaveAsync(Restarted, default));
        }

        await torn.LeaveAsync(Restarted, default);

        Assert.StartsWith("another child process", torn.WhyKept, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RedisUnavailableException>(() => torn.LeaveAsync(Restarted with { ReplicationId = "later" }, default));
    }

    [Fact]
    public async Task Server_that_never_does_it_is_worked_with_and_its_reason_is_told()
    {
        _server.Refusal = new RedisRefusedException("NOPERM", "NOPERM this user has no permissions to run the 'bgrewriteaof' command");

        Assert.Equal(_server.Refusal.Message, await LeaveAsync(Restarted));
    }

    private async Task<string?> LeaveAsync(ServerDescription server)
    {
        var torn = new TornFile(_server, new Keys("darq", 4));
        await torn.LeaveAsync(server, default);
        return torn.WhyKept;
    }

    private sealed class Server : StubRedis
    {
        public string? Worked { get; set; } = "before";

        public RedisRefusedException? Fault { get; set; }

        public RedisRefusedException? Refusal { get; set; }

        public bool IsBusy { get; set; }

        public int Rewrites { get; private set; }

        public override Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation)
        {
            Assert.Equal("darq2_read", call.Function);
            var worked = Worked is { } id ? RedisReply.Of(Encoding.UTF8.GetBytes(id)) : RedisReply.Nothing;
            return Fault is { } fault
                ? Task.FromException<RedisReply>(fault)
                : Task.FromResult(RedisReply.Of([worked, RedisReply.Of(Array.Empty<RedisReply>())]));
        }

        public override Task<bool> RewriteFileAsync(CancellationToken cancellation)
        {
            Rewrites++;
            return Refusal is { } refusal ? Task.FromException<bool>(refusal) : Task.FromResult(!IsBusy);
        }
    }
}
