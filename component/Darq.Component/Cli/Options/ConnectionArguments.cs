using System.CommandLine;
using Darq.Component.Configuration;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Options;

/// <summary>
/// The options that say where Redis is and which namespace is meant. They are read by the readers of a component's metadata, so that
/// both accept the same.
/// </summary>
internal sealed class ConnectionArguments
{
    /// <summary>How long one command may take: a page of a large key, or a server that is busy with a script.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(20);

    // A password among the arguments would be shown to everybody who lists processes.
    private static readonly string[] PasswordOptions = ["--password", "--redis-password", "--sentinel-password"];

    private static readonly Setting<bool>[] Flags =
    [
        ConnectionSettings.EnableTls,
        ConnectionSettings.InsecureSkipTlsVerify,
        ConnectionSettings.Failover,
    ];

    private static readonly Setting<string>[] Files =
    [
        ConnectionSettings.RedisPassword,
        ConnectionSettings.CaCert,
        ConnectionSettings.ClientCert,
        ConnectionSettings.ClientKey,
        ConnectionSettings.SentinelPassword,
    ];

    private readonly Dictionary<Setting, Option<string?>> _texts = [];
    private readonly Dictionary<Setting, Option<bool>> _flags = [];

    public ConnectionArguments(Command command)
    {
        foreach (var setting in SettingTable.CommandLine.Settings.Where(setting => setting.Role == SettingRole.Effective))
        {
            if (Flags.Contains(setting))
            {
                command.Add(_flags[setting] = new(OptionNames.Of(setting)) { Description = Description(setting) });
            }
            else
            {
                var text = new Option<string?>(OptionNames.Of(setting))
                {
                    Description = Description(setting),
                    HelpName = HelpName(setting),
                };
                command.Add(_texts[setting] = text);
            }
        }

        foreach (var name in PasswordOptions)
        {
            command.Add(Refused(name));
        }
    }

    /// <summary>What was given; errors name the option, the value and the accepted form.</summary>
    /// <param name="given">The parsed command line.</param>
    /// <param name="variable">An environment variable's value, or null.</param>
    /// <param name="readFile">A file's text; throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</param>
    public ConnectionReading Read(ParseResult given, Func<string, string?> variable, Func<string, string> readFile)
    {
        var (properties, errors) = (new List<KeyValuePair<string, string>>(), new List<string>());
        foreach (var (setting, option) in _texts)
        {
            if (Value(setting, given.GetValue(option), readFile, errors) is { } value)
            {
                properties.Add(new(setting.Name, value));
            }
        }

        properties.AddRange(_flags.Where(flag => given.GetValue(flag.Value)).Select(flag => KeyValuePair.Create(flag.Key.Name, "true")));
        AddSecrets(properties, variable, errors);
        var values = SettingValues.Read(SettingTable.CommandLine, properties);
        var redis = RedisOptionsReader.Read(values) with { CallTimeout = CallTimeout };
        errors.AddRange(values.Errors.Select(OptionNames.Translate));
        int? partitions = values.Has(NamespaceSettings.Partitions) ? (int)values.Get(NamespaceSettings.Partitions) : null;
        return new(errors.Count == 0 ? new(redis, values.Get(NamespaceSettings.Namespace), partitions) : null, errors);
    }

    private static string? Value(Setting setting, string? given, Func<string, string> readFile, List<string> errors)
    {
        if (given is null || !Files.Contains(setting))
        {
            return given;
        }

        try
        {
            // A mounted secret usually ends in a line break that is not part of it.
            return readFile(given).TrimEnd('\r', '\n');
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            errors.Add($"{OptionNames.Of(setting)}: {SettingValues.Show(given)} cannot be read ({fault.Message}); give a file");
            return null;
        }
    }

    private static void AddSecrets(List<KeyValuePair<string, string>> properties, Func<string, string?> variable, List<string> errors)
    {
        var secrets = new Secrets(variable);
        foreach (var name in Files.Where(file => file.Secret).Select(file => file.Name))
        {
            try
            {
                if (!properties.Exists(property => property.Key == name) && secrets.Find(Secrets.VariableOf(name)) is { } value)
                {
                    properties.Add(new(name, value));
                }
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                errors.Add($"{Secrets.VariableOf(name)}_FILE names a file that cannot be read: {fault.Message}");
            }
        }
    }

    private static Option<string?> Refused(string name)
    {
        var option = new Option<string?>(name) { Hidden = true, Arity = ArgumentArity.ZeroOrOne };
        var sentinel = name.Contains("sentinel", StringComparison.Ordinal);
        var setting = sentinel ? ConnectionSettings.SentinelPassword : ConnectionSettings.RedisPassword;
        option.Validators.Add(result =>
            result.AddError(
                $"{name} is not accepted, because everybody on this machine can list the arguments of a process; give "
                    + $"{OptionNames.Of(setting)} FILE or the environment variable {Secrets.VariableOf(setting.Name)}"
            )
        );
        return option;
    }

    private static string Description(Setting setting)
    {
        if (setting == NamespaceSettings.Partitions)
        {
            return "The number of partitions, where Redis has lost it; else it is read there.";
        }

        var variable = setting.Secret && setting != ConnectionSettings.ClientKey ? $" Else from {Secrets.VariableOf(setting.Name)}." : "";
        var standard = setting.Standard.Length > 0 && !Flags.Contains(setting) ? $" [default: {setting.Standard}]" : "";
        return OptionNames.Translate(setting.Description) + variable + standard;
    }

    private static string HelpName(Setting setting) =>
        Files.Contains(setting) ? "FILE"
        : setting is Setting<long> ? "NUMBER"
        : setting is Setting<TimeSpan> ? "DURATION"
        : setting == ConnectionSettings.RedisHost ? "HOST:PORT"
        : "NAME";
}

/// <summary>Where Redis is, and what in it is meant.</summary>
/// <param name="Redis">Address and login.</param>
/// <param name="Namespace">Whose keys.</param>
/// <param name="Partitions">How many partitions it has; null where Redis says so.</param>
internal sealed record Target(RedisOptions Redis, string Namespace, int? Partitions);

/// <summary>The outcome of reading the options: a target, or all errors.</summary>
internal sealed record ConnectionReading(Target? Target, IReadOnlyList<string> Errors);
