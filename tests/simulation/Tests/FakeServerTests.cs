using Darq.Engine.Redis;
using Darq.Testing.Server;
using Xunit;

namespace Darq.Tests.Simulation.Tests;

public sealed class FakeServerTests : IDisposable
{
    private const string Library = """
        #!lua name=test
        local cached = 0
        redis.register_function('count', function(keys) cached = cached + 1; return { cached, redis.call('HINCRBY', keys[1], 'n', 1) } end)
        redis.register_function('fail_after_write', function(keys) redis.call('HSET', keys[1], 'n', 9); error({ err = 'BROKEN by hand' }) end)
        redis.register_function('caught', function(keys)
          local ok, why = pcall(function() return redis.call('HGET', keys[1]) end)
          return { ok and 1 or 0, why, redis.pcall('ZCARD', keys[1]).err or 'none' }
        end)
        redis.register_function('nested', function() error('plain text') end)
        redis.register_function('unknown', function() return pcall(redis.call, 'CONFIG', 'GET', 'x') end)
        redis.register_function('leak', function() global = 1 end)
        redis.register_function{function_name = 'sneaky', callback = function(keys) return redis.call('HSET', keys[1], 'n', 1) end, flags = { 'no-writes' }}
        """;

    private readonly FakeServer _server = new(() => DateTimeOffset.UnixEpoch.AddDays(1), new Random(1));

    public FakeServerTests() => _server.LoadLibrary(Library);

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Restart_keeps_data_and_functions_but_not_replication_id_and_library_variables()
    {
        var replicationId = _server.ReplicationId;
        Call("count");
        Assert.Equal("2 2", Call("count"));

        _server.Stop();
        _server.Restart();

        Assert.Equal("1 3", Call("count"));
        Assert.Matches("^[0-9a-f]{40}$", replicationId);
        Assert.NotEqual(replicationId, _server.ReplicationId);
    }

    [Fact]
    public void Restart_can_lose_what_the_last_calls_wrote()
    {
        for (var i = 0; i < 5; i++)
        {
            Call("count");
        }

        _server.Stop();
        _server.Restart(lostCalls: 2);

        Assert.Equal("1 4", Call("count"));
    }

    [Fact]
    public void Error_of_a_function_does_not_undo_what_it_wrote_before()
    {
        Assert.Equal("BROKEN by hand", Call("fail_after_write"));
        Assert.Equal("1 10", Call("count"));
    }

    [Fact]
    public void Lua_catches_errors_of_commands()
    {
        Call("count");
        Assert.Equal(
            "0 ERR Wrong number of args calling Redis command from script WRONGTYPE Operation against a key holding the wrong kind "
                + "of value",
            Call("caught")
        );
    }

    [Fact]
    public void Error_text_names_the_line() =>
        Assert.StartsWith("ERR user_function:9: plain text", Call("nested"), StringComparison.Ordinal);

    [Fact]
    public void Command_that_the_fake_does_not_know_is_a_fault_even_where_Lua_catches_errors() =>
        Assert.Throws<NotSupportedException>(() => Call("unknown"));

    [Fact]
    public void Global_variables_are_refused() => Assert.StartsWith("ERR", Call("leak"), StringComparison.Ordinal);

    [Fact]
    public void Function_that_promised_not_to_write_cannot() =>
        Assert.StartsWith("ERR Write commands are not allowed", Call("sneaky"), StringComparison.Ordinal);

    [Fact]
    public void Read_only_call_of_a_function_that_may_write_is_refused() =>
        Assert.IsType<Reply.Error>(_server.Call(new FunctionCall("count", "k", [], ReadOnly: true)));

    [Fact]
    public void Library_of_the_component_loads_once_and_again_where_it_is_replaced()
    {
        Assert.IsType<Reply.Bulk>(_server.LoadLibrary(FunctionLibrary.Code));
        Assert.IsType<Reply.Error>(_server.LoadLibrary(FunctionLibrary.Code));
        Assert.IsType<Reply.Bulk>(_server.LoadLibrary(FunctionLibrary.Code, replace: true));
        Assert.Equal(
            $"{FunctionLibrary.Build}",
            Text(_server.Call(new FunctionCall(FunctionLibrary.Function("build"), null, [], ReadOnly: true)))
        );
    }

    private string Call(string function) => Text(_server.Call(new FunctionCall(function, "k", [])));

    private static string Text(Reply reply) => reply.ToString().TrimStart('-').Replace(",", "", StringComparison.Ordinal).Trim('[', ']');
}
