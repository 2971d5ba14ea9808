using System.CommandLine;
using Darq.Component.Cli;
using Darq.Component.Cli.Options;
using Darq.Component.Configuration;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary>What a command line is read as, and which mistakes are told.</summary>
public sealed class ArgumentTests
{
    [Fact]
    public void Redis_host_alone_is_enough()
    {
        var target = Read("--redis-host", "redis").Target!;

        Assert.Equal(("redis", 6379, 0), (target.Redis.Host, target.Redis.Port, target.Redis.Database));
        Assert.Equal(("darq", null), (target.Namespace, target.Partitions));
        Assert.False(target.Redis.EnableTls);
    }

    [Fact]
    public void Options_mean_what_the_settings_of_their_names_mean()
    {
        var target = Read(
            "--redis-host=a:1,b:2",
            "--failover",
            "--sentinel-master-name=main",
            "--redis-db=3",
            "--redis-username=doctor",
            "--enable-tls",
            "--namespace=bank",
            "--partitions=8",
            "--dial-timeout=2s"
        ).Target!;

        Assert.Equal("'main' (sentinels a:1,b:2)", target.Redis.Address);
        Assert.Equal((3, "doctor", true), (target.Redis.Database, target.Redis.Username, target.Redis.EnableTls));
        Assert.Equal(("bank", 8), (target.Namespace, target.Partitions));
        Assert.Equal(TimeSpan.FromSeconds(2), target.Redis.DialTimeout);
    }

    [Fact]
    public void Options_have_the_words_of_their_settings() =>
        Assert.Equal(
            "--redis-host --redis-port --redis-username --password-file --redis-db --enable-tls --insecure-skip-tls-verify --ca-cert "
                + "--client-cert --client-key --dial-timeout --failover --sentinel-master-name --sentinel-username "
                + "--sentinel-password-file --namespace --partitions",
            string.Join(
                ' ',
                SettingTable.CommandLine.Settings.Where(setting => setting.Role == SettingRole.Effective).Select(OptionNames.Of)
            )
        );

    [Fact]
    public void Password_comes_from_a_file_or_else_from_the_environment()
    {
        var fromFile = Read(["--redis-host=r", "--password-file=/secret"], file: path => path == "/secret" ? "hidden\n" : "");
        var fromVariable = Read(["--redis-host=r"], name => name == "DARQ_REDIS_PASSWORD" ? "other" : null);
        var both = Read(
            ["--redis-host=r", "--password-file=/secret"],
            name => name == "DARQ_REDIS_PASSWORD" ? "other" : null,
            _ => "hidden"
        );

        Assert.Equal("hidden", fromFile.Target!.Redis.Password);
        Assert.Equal("other", fromVariable.Target!.Redis.Password);
        Assert.Equal("hidden", both.Target!.Redis.Password);
    }

    [Theory]
    [InlineData("--redis-host is missing; give host or host:port")]
    [InlineData("--redis-host: \"a:b\" is not accepted; give host or host:port", "--redis-host=a:b")]
    [InlineData("--redis-db: \"x\" is not accepted; give a whole number from 0 to 2147483647", "--redis-host=r", "--redis-db=x")]
    [InlineData("--namespace: \"Bank\" is not accepted; give 1 to 40 characters of a-z, 0-9 and -", "--redis-host=r", "--namespace=Bank")]
    [InlineData("--partitions: \"0\" is not accepted; give a whole number from 1 to 1024", "--redis-host=r", "--partitions=0")]
    [InlineData(
        "--failover is true but --sentinel-master-name is missing; give the name under which the sentinels monitor the primary",
        "--redis-host=r",
        "--failover"
    )]
    [InlineData(
        "--sentinel-master-name is given but --failover is not true; give --failover and the sentinels' addresses in --redis-host, "
            + "or leave --sentinel-master-name out",
        "--redis-host=r",
        "--sentinel-master-name=x"
    )]
    public void Mistake_names_option_value_and_accepted_form(string error, params string[] arguments) =>
        Assert.Equal([error], Read(arguments).Errors);

    [Fact]
    public void All_mistakes_are_told_at_once() => Assert.Equal(3, Read("--redis-db=x", "--partitions=y").Errors.Count);

    [Fact]
    public void File_that_cannot_be_read_is_named()
    {
        var reading = Read(["--redis-host=r", "--password-file=/none"], file: _ => throw new FileNotFoundException("not there"));

        Assert.Equal(["--password-file: \"/none\" cannot be read (not there); give a file"], reading.Errors);
    }

    [Theory]
    [InlineData("--password")]
    [InlineData("--redis-password")]
    [InlineData("--sentinel-password")]
    public void Password_among_the_arguments_is_refused_and_not_repeated(string option)
    {
        var error = Assert.Single(Parse("doctor", "--redis-host=r", option, "hunter2").Errors).Message;

        Assert.StartsWith($"{option} is not accepted, because everybody", error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foo")]
    [InlineData("--foo")]
    [InlineData("doctor", "--output", "xml")]
    [InlineData("serve", "now")]
    public void Unknown_words_are_mistakes(params string[] arguments) => Assert.NotEmpty(Parse(arguments).Errors);

    [Theory]
    [InlineData]
    [InlineData("serve")]
    [InlineData("doctor", "--redis-host=r", "--output", "json", "--component-user", "darq")]
    [InlineData("repair", "--redis-host=r", "--apply")]
    [InlineData("health", "--ready", "--admin", "127.0.0.1:9464")]
    public void Known_commands_are_not(params string[] arguments) => Assert.Empty(Parse(arguments).Errors);

    [Fact]
    public async Task Component_is_served_without_a_command_and_by_serve_alone()
    {
        var served = 0;
        Task<int> Serve() => Task.FromResult(++served);

        await CommandLine.Create(Serve, TimeProvider.System).Parse([]).InvokeAsync(null, TestContext.Current.CancellationToken);
        await CommandLine.Create(Serve, TimeProvider.System).Parse(["serve"]).InvokeAsync(null, TestContext.Current.CancellationToken);

        Assert.Equal(2, served);
    }

    private static ParseResult Parse(params string[] arguments) =>
        CommandLine.Create(() => Task.FromResult(0), TimeProvider.System).Parse(arguments);

    private static ConnectionReading Read(params string[] arguments) => Read(arguments, variable: null);

    private static ConnectionReading Read(string[] arguments, Func<string, string?>? variable = null, Func<string, string>? file = null)
    {
        var command = new RootCommand();
        var connection = new ConnectionArguments(command);
        return connection.Read(command.Parse(arguments), variable ?? (_ => null), file ?? (_ => ""));
    }
}
