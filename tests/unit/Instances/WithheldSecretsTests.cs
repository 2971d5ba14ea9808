using Darq.Component.Configuration;
using Darq.Component.Instances;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Instances;

/// <summary>Secrets that Init gave and that no file has: where they come from after a restart.</summary>
public sealed class WithheldSecretsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, string> _variables = [];
    private readonly List<InitRecord> _all = [];

    [Theory]
    [InlineData("bank", "DARQ_BANK_REDIS_PASSWORD")]
    [InlineData("bank-1.eu", "DARQ_BANK_1_EU_REDIS_PASSWORD")]
    [InlineData("größe", "DARQ_GR__E_REDIS_PASSWORD")]
    [InlineData("", "DARQ_REDIS_PASSWORD")]
    public void A_secret_has_a_variable_for_each_instance(string instance, string variable) =>
        Assert.Equal(variable, Secrets.VariableOf(instance, "redisPassword"));

    [Fact]
    public void A_secret_comes_from_the_variable_of_its_instance()
    {
        _variables["DARQ_BANK_REDIS_PASSWORD"] = "hunter2";
        _variables["DARQ_REDIS_PASSWORD"] = "hunter3";
        Assert.Equal("hunter2", Password(Kept("bank", "redis")));
    }

    [Fact]
    public void A_secret_comes_from_a_file_without_its_last_line_break()
    {
        _variables["DARQ_BANK_REDIS_PASSWORD_FILE"] = _folder.Write("password", "hunter2\n");
        Assert.Equal("hunter2", Password(Kept("bank", "redis")));
    }

    [Fact]
    public void The_variable_for_all_serves_instances_that_log_in_alike()
    {
        _variables["DARQ_REDIS_PASSWORD"] = "hunter2";
        Kept("ledger", "redis");
        Assert.Equal("hunter2", Password(Kept("bank", "redis")));
    }

    [Fact]
    public void The_variable_for_all_serves_none_of_several_that_log_in_elsewhere()
    {
        _variables["DARQ_REDIS_PASSWORD"] = "hunter2";
        Kept("ledger", "other");

        var refused = Refused(Kept("bank", "redis"));

        Assert.Contains("DARQ_REDIS_PASSWORD is not used", refused, StringComparison.Ordinal);
        Assert.Contains("Set DARQ_BANK_REDIS_PASSWORD or DARQ_BANK_REDIS_PASSWORD_FILE", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void An_instance_with_a_variable_of_its_own_does_not_need_the_one_for_all()
    {
        _variables["DARQ_REDIS_PASSWORD"] = "hunter2";
        _variables["DARQ_LEDGER_REDIS_PASSWORD"] = "hunter3";
        Kept("ledger", "other");
        Assert.Equal("hunter2", Password(Kept("bank", "redis")));
    }

    [Fact]
    public void Instances_of_one_name_that_log_in_elsewhere_share_no_variable()
    {
        _variables["DARQ_BANK_REDIS_PASSWORD"] = "hunter2";
        Kept("bank", "other");

        var refused = Refused(Kept("bank", "redis"));

        Assert.Contains("DARQ_BANK_REDIS_PASSWORD is not used", refused, StringComparison.Ordinal);
        Assert.Contains("Restart the sidecar", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_that_is_nowhere_is_asked_for_by_name()
    {
        var refused = Refused(Kept("bank", "redis"));
        Assert.Contains("has no redisPassword for state.darq \"bank\"", refused, StringComparison.Ordinal);
        Assert.Contains("Set DARQ_BANK_REDIS_PASSWORD or DARQ_BANK_REDIS_PASSWORD_FILE", refused, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private InitRecord Kept(string instance, string host)
    {
        var record = InitRecords.Of(
            new(812, _all.Count),
            new(ComponentService.StateStore, instance),
            new Dictionary<string, string> { ["redisHost"] = host, ["redisPassword"] = "hunter1" },
            at: 1
        );
        _all.Add(record);
        return record;
    }

    private string Password(InitRecord record) => Complete(record)["redisPassword"];

    private string Refused(InitRecord record)
    {
        var refused = Assert.Throws<DarqException>(() => Complete(record));
        Assert.Equal(ErrorCode.Misconfigured, refused.Code);
        return refused.Message;
    }

    private IReadOnlyDictionary<string, string> Complete(InitRecord record) =>
        InitRecords.Complete(record, new Secrets(_variables.GetValueOrDefault), _all);
}
