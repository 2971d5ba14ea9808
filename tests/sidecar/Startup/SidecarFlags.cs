using System.Globalization;

namespace Darq.Sidecar.Startup;

/// <summary>The command line: daprd's own flags, those that matter here; others of daprd's are accepted and have no effect.</summary>
internal sealed class SidecarFlags
{
    private static readonly string[] Used =
    [
        "app-id",
        "app-port",
        "app-protocol",
        "app-max-concurrency",
        "dapr-http-port",
        "dapr-grpc-port",
        "resources-path",
        "components-path",
        "config",
        "log-level",
        "app-channel-address",
        "dapr-graceful-shutdown-seconds",
        "dapr-listen-addresses",
    ];

    private static readonly string[] WithoutEffect =
    [
        "dapr-internal-grpc-port",
        "metrics-port",
        "enable-metrics",
        "placement-host-address",
        "scheduler-host-address",
        "log-as-json",
        "mode",
        "profile-port",
        "enable-profiling",
        "enable-mtls",
        "sentry-address",
        "control-plane-address",
        "trust-domain",
        "dapr-public-port",
        "dapr-internal-grpc-listen-address",
        "dapr-public-listen-address",
        "allowed-origins",
        "actors-service",
        "disable-init-endpoints",
    ];

    // Of all the flags, only these may stand alone.
    private static readonly string[] Switches = ["enable-metrics", "log-as-json", "enable-profiling", "enable-mtls"];

    private readonly Dictionary<string, string> _values = [];
    private readonly List<string> _resources = [];

    public string AppId => Value("app-id", "");

    public int? AppPort => Value("app-port", "").Length > 0 ? Port("app-port", 0) : null;

    public string AppProtocol => Value("app-protocol", "http");

    /// <summary>How many calls to the app may be under way at once; not positive means any number.</summary>
    public int AppMaxConcurrency =>
        int.TryParse(Value("app-max-concurrency", "-1"), CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new StartException($"--app-max-concurrency: '{Value("app-max-concurrency", "")}' is not a number");

    public string AppAddress => Value("app-channel-address", "127.0.0.1");

    public int HttpPort => Port("dapr-http-port", 3500);

    public int GrpcPort => Port("dapr-grpc-port", 50001);

    /// <summary>Whether a Dapr configuration was given; the stand-in does not read it.</summary>
    public bool HasConfiguration => Value("config", "").Length > 0;

    public string LogLevel => Value("log-level", "info");

    public TimeSpan GracePeriod => TimeSpan.FromSeconds(Number("dapr-graceful-shutdown-seconds", 5));

    public IReadOnlyList<string> ResourcesPaths => _resources;

    public static SidecarFlags Parse(IReadOnlyList<string> arguments)
    {
        var flags = new SidecarFlags();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = Split(arguments[i]);
            if (!Used.Contains(name) && !WithoutEffect.Contains(name))
            {
                throw new StartException(
                    $"flag {arguments[i]} is unknown or not supported by the stand-in sidecar; of daprd's flags it takes "
                        + $"--{string.Join(" --", Used.Concat(WithoutEffect).Order(StringComparer.Ordinal))}"
                );
            }

            if (value is null && (!Switches.Contains(name) || (i + 1 < arguments.Count && arguments[i + 1] is "true" or "false")))
            {
                value = i + 1 < arguments.Count ? arguments[++i] : throw new StartException($"flag --{name} needs a value");
            }

            if (name is "resources-path" or "components-path")
            {
                flags._resources.AddRange(value!.Split(','));
            }

            flags._values[name] = value ?? "true";
        }
        flags.Check();
        return flags;
    }

    private static (string Name, string? Value) Split(string argument)
    {
        if (!argument.StartsWith('-'))
        {
            throw new StartException($"unexpected argument {argument}");
        }

        var text = argument.TrimStart('-');
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (text, null) : (text[..equals], text[(equals + 1)..]);
    }

    private void Check()
    {
        if (AppId.Length == 0)
        {
            throw new StartException("app-id is required");
        }

        if (AppProtocol is not ("http" or "grpc"))
        {
            throw new StartException($"app-protocol {AppProtocol}: the stand-in sidecar serves http and grpc");
        }

        _ = (AppPort, HttpPort, GrpcPort, GracePeriod, AppMaxConcurrency);
    }

    private string Value(string name, string standard) => _values.GetValueOrDefault(name, standard);

    private int Number(string name, int standard)
    {
        var text = Value(name, standard.ToString(CultureInfo.InvariantCulture));
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new StartException($"--{name}: '{text}' is not a number");
    }

    private int Port(string name, int standard) =>
        Number(name, standard) is <= 65535 and var port ? port : throw new StartException($"--{name}: '{Value(name, "")}' is not a port");
}
