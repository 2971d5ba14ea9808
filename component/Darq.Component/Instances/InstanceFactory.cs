using Darq.Component.Configuration;
using Darq.Component.Telemetry;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Component.Instances;

/// <summary>Makes an instance of what Init said: reads the settings and takes a share in the engine for them.</summary>
internal sealed class InstanceFactory(EnginePool engines, TimeProvider time, Random random, ILogger<InstanceFactory> log)
{
    /// <summary>
    /// Throws <see cref="DarqException"/> (Invalid) with everything that is wrong with the properties.
    /// </summary>
    public Instance Make(
        InitRecord record,
        IReadOnlyDictionary<string, string> properties,
        AppPresence app,
        Func<InstanceEngine, Task>? firstHandshake = null
    )
    {
        var (service, name) = record.Key;
        var reading = OptionsReader.Read(service, properties);
        if (reading.Options is not { } options)
        {
            throw new DarqException(ErrorCode.Invalid, $"INVALID: {Describe(reading.Errors, service, name)}");
        }

        if (reading.WithoutEffect.Count > 0)
        {
            log.SettingsHaveNoEffect(service, name, string.Join(", ", reading.WithoutEffect));
        }

        foreach (var warning in reading.Warnings)
        {
            log.SettingIsDoubtful(service, name, warning);
        }

        var engine = new InstanceEngine(engines.Rent(options.Redis, options.Namespace), options.Namespace, time, random, log);
        return new Instance(record, properties, options, engine, app)
        {
            FirstHandshake = firstHandshake?.Invoke(engine) ?? Task.CompletedTask,
        };
    }

    private static string Describe(IReadOnlyList<string> errors, ComponentService service, string name)
    {
        var component = SettingTable.Of(service).Component;
        return errors.Count == 1
            ? $"a setting of {component} {SettingValues.Show(name)} is wrong: {errors[0]}."
            : $"{errors.Count} settings of {component} {SettingValues.Show(name)} are wrong: "
                + $"{string.Join("; ", errors.Select((error, index) => $"({index + 1}) {error}"))}.";
    }
}
