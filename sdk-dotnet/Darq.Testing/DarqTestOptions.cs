using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Darq.Testing;

/// <summary>How <see cref="DarqTestHost"/> runs an app.</summary>
public sealed class DarqTestOptions
{
    private readonly Dictionary<string, string?> _settings = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Action<IServiceCollection>> _services = [];

    /// <summary>
    /// Decides, in the simulation, in which order things happen that have no promised order. 1 by default. The same seed repeats a run
    /// exactly where handlers run one at a time, each makes one call after the other, and none depends on real time or chance. Calls beside
    /// each other come in the order of the app's own threads; all else is as the seed decides.
    /// </summary>
    public int Seed { get; set; } = 1;

    /// <summary>
    /// Most messages of one topic that the app works on at the same time, 1 or more; messages of one key always come one after the other,
    /// and the subscription's <c>maxInFlight</c> counts too. Null by default: the app works on one message at a time, whatever its topic,
    /// so that a run can be repeated.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to less than 1.</exception>
    public int? MaxConcurrentHandlers
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value ?? 1, 1, nameof(value));
            field = value;
        }
    }

    /// <summary>
    /// How long, in real time, a handler may do nothing before <see cref="DarqTestHost.UntilIdle"/> ends with an error, and how long a
    /// start of the app may take. 30 s by default; there is no limit while a debugger is attached.
    /// </summary>
    public TimeSpan HandlerTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How the test reads and writes data. Those of DaprClient by default, <see cref="JsonSerializerDefaults.Web"/>.</summary>
    public JsonSerializerOptions JsonSerializerOptions { get; set; } = JsonSerializerOptions.Web;

    internal IReadOnlyDictionary<string, string?> Settings => _settings;

    internal IReadOnlyList<Action<IServiceCollection>> Services => _services;

    /// <summary>
    /// Replaces services of the app, in each process that is started. Register objects that must outlive a crash, such as the stand-in of
    /// a payment service, as instances. Safe to repeat: later calls go on top.
    /// </summary>
    /// <param name="configure">Runs after the app has registered its own services.</param>
    public void ConfigureServices(Action<IServiceCollection> configure) => _services.Add(configure);

    /// <summary>
    /// Gives a value to the configuration of the app. Safe to repeat: the last value counts. The app logs nothing unless
    /// <c>Logging:LogLevel:Default</c> is set here: what a handler threw is in <see cref="DarqTestHost.Deliveries"/>. The component's
    /// engine logs to the app's providers, in categories that begin with <c>Darq.Engine</c>.
    /// </summary>
    /// <param name="name">Its path, such as <c>Darq:PubSub</c>.</param>
    /// <param name="value">Its value; null for none.</param>
    public void Setting(string name, string? value) => _settings[name] = value;
}
