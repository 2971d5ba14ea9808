using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Code;

public sealed class LuaTests
{
    private static readonly SourceFile[] Lua = [.. SourceTree.Component(".lua")];
    private static readonly SourceFile[] Code = [.. SourceTree.Component(".cs")];

    [Fact]
    public void Every_lua_file_has_a_header_and_is_one_block()
    {
        Assert.NotEmpty(Lua);
        Assert.Empty(Lua.SelectMany(LuaRules.Shape));
    }

    [Theory]
    [InlineData("do\n  x = 1\nend\n")]
    [InlineData("-- Header.\nx = 1\n")]
    [InlineData("-- Header.\ndo\n  x = 1\nend\nlocal leak = 1\n")]
    [InlineData("-- Header.\ndo\nlocal leak = 1\nend\n")]
    [InlineData("-- Header.\n")]
    public void A_lua_file_of_another_shape_is_found(string text) => Assert.Single(LuaRules.Shape(new("a.lua", text)));

    [Fact]
    public void Every_lua_file_is_in_the_library() => Assert.Empty(LuaRules.Missing(FunctionLibrary.Code, Lua));

    [Fact]
    public void A_lua_file_that_the_library_lacks_is_found() =>
        Assert.Equal(["b.lua"], LuaRules.Missing("-- A.\ndo\nend\n", [new("a.lua", "-- A.\ndo\nend\n"), new("b.lua", "-- B.\ndo\nend\n")]));

    [Fact]
    public void Every_registered_function_has_a_caller_and_every_called_one_is_registered()
    {
        var registered = LuaRules.Registered(SourceTree.File("component/Darq.Engine/Redis/register.lua").Text).Order().ToArray();

        Assert.Contains("batch_free", registered);
        Assert.Equal(registered, LuaRules.Called(Code).Order());
    }

    [Fact]
    public void Every_kind_of_request_has_a_sender_and_every_sent_one_a_function()
    {
        var served = Lua.SelectMany(file => LuaRules.Requests(file.Text)).Order().ToArray();

        Assert.Contains("ack", served);
        Assert.Equal(served, LuaRules.Sent(Code).Order());
    }

    [Fact]
    public void Names_are_read_from_both_sides()
    {
        Assert.Equal(
            ["a", "b"],
            LuaRules.Registered("  local function register(name)\n  end\n  register('a', x, {})\n  register('b', x, {})\n")
        );
        Assert.Equal(
            ["c", "d", "e"],
            LuaRules.Called([new("a.cs", "FunctionLibrary.Function(x ? \"c\" : \"d\"); FunctionLibrary.Function(\"e\"); Other(\"f\")")])
        );
        Assert.Equal(["g"], LuaRules.Requests("function requests.g(batch, args, at)"));
        Assert.Equal(
            ["h", "i"],
            LuaRules.Sent([new("a.cs", "class A(int b) : BatchRequest<C[]>(\"h\")"), new("b.cs", "class B() : OtherRequest(\"i\")")])
        );
    }
}
