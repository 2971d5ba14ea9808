using System.Text.RegularExpressions;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Cli;

/// <summary>The Redis users of an operator in SECURITY.md, with nothing beyond them.</summary>
[Trait("Lane", "Slow")]
public sealed class OperatorUserTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly Dictionary<string, string?> Password = new() { ["DARQ_REDIS_PASSWORD"] = "PASSWORD" };

    private BusyNamespace _busy = null!;

    public async ValueTask InitializeAsync()
    {
        _busy = await BusyNamespace.StartAsync();
        await _busy.Redis.CliAsync("ACL", "SETUSER", "darq", "on", "nopass", "~*", "&*", "+@all", "-xadd");
        foreach (var user in new[] { "reader", "admin" })
        {
            await _busy.Redis.CliAsync(["ACL", "SETUSER", .. await RulesAsync(user)]);
        }

        await _busy.PublishAsync("before", 20);
        await _busy.GotAsync("before", 20);
    }

    public ValueTask DisposeAsync() => _busy.DisposeAsync();

    [Fact]
    public async Task The_admin_may_do_all_that_doctor_and_repair_do()
    {
        await DamageAsync();

        var repair = await RunAsync("admin", "repair", "--apply");
        var doctor = await RunAsync("admin", "doctor", "--component-user", "darq");

        Assert.Equal(0, repair.Code);
        Assert.DoesNotContain("refused", repair.Text, StringComparison.Ordinal);
        Assert.Contains("The Redis user 'darq' may not: xadd.", doctor.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("was refused", doctor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_reader_sees_all_that_doctor_and_repair_show_and_changes_nothing()
    {
        await DamageAsync();
        var (expected, expectedPlan) = (await RunAsync("admin", "doctor"), await RunAsync("admin", "repair"));

        var doctor = await RunAsync("reader", "doctor");
        var plan = await RunAsync("reader", "repair");
        var apply = await RunAsync("reader", "repair", "--apply");

        Assert.Equal(expected.Code, doctor.Code);
        Assert.Equal(expected.Lines.Count, doctor.Lines.Count);
        Assert.DoesNotContain("was refused", doctor.Text, StringComparison.Ordinal);
        Assert.Equal(expectedPlan.Code, plan.Code);
        Assert.Equal(expectedPlan.Lines.Count, plan.Lines.Count);
        Assert.NotEqual(0, apply.Code);
        Assert.Contains("refused by Redis, not repaired (NOPERM ", apply.Text, StringComparison.Ordinal);
        Assert.Equal(expectedPlan.Lines.Count, (await RunAsync("admin", "repair")).Lines.Count);
    }

    private static async Task<string[]> RulesAsync(string user)
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("SECURITY.md"), TestContext.Current.CancellationToken);
        var rules = Regex.Match(text, $"(?<=```\nuser ){user} [^`]*(?=```)");
        return rules.Value.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task DamageAsync()
    {
        foreach (var damage in new[] { "member", "lane", "topic", "ids", "results", "retry queue", "ranges of another type", "broken" })
        {
            await Damage.All[damage](_busy.Redis);
        }
    }

    private async Task<ToolRun> RunAsync(string user, params string[] arguments)
    {
        var run = await DarqTool.RunAsync(Password, [.. arguments, "--redis-host", _busy.Redis.Host, "--redis-username", user]);
        output.WriteLine($"{user}: {string.Join(' ', arguments)}: {run}");
        return run;
    }
}
