using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Darq.Configuration;

/// <summary>
/// Fills the options from the section <c>Darq</c>, if the app has a configuration. By hand, since the binder would look into the JSON
/// options as well, and needs reflection.
/// </summary>
internal sealed class DarqConfiguration(IServiceProvider services) : IConfigureOptions<DarqOptions>
{
    private const string Section = "Darq";

    public void Configure(DarqOptions options)
    {
        if (services.GetService<IConfiguration>() is not { } configuration)
        {
            return;
        }

        var section = configuration.GetSection(Section);
        options.PubSub = section[nameof(options.PubSub)] ?? options.PubSub;
        options.StateStore = section[nameof(options.StateStore)] ?? options.StateStore;
        options.Binding = section[nameof(options.Binding)] ?? options.Binding;
        options.MaxDeliveries = Number(section, nameof(options.MaxDeliveries)) ?? options.MaxDeliveries;
        options.MaxMessageBytes = Number(section, nameof(options.MaxMessageBytes)) ?? options.MaxMessageBytes;
        options.ConflictTimeout = Time(section, nameof(options.ConflictTimeout)) ?? options.ConflictTimeout;
        options.CommitTimeout = Time(section, nameof(options.CommitTimeout)) ?? options.CommitTimeout;
    }

    private static int? Number(IConfigurationSection section, string option) =>
        section[option] is not { } text ? null
        : int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number
        : throw Mistake(option, text, "a whole number");

    private static TimeSpan? Time(IConfigurationSection section, string option) =>
        section[option] is not { } text ? null
        : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time
        : throw Mistake(option, text, "hours, minutes and seconds such as 00:00:30");

    private static OptionsValidationException Mistake(string option, string text, string accepted) =>
        new(Options.DefaultName, typeof(DarqOptions), [$"Property {Section}:{option}: is \"{text}\"; accepted: {accepted}."]);
}
