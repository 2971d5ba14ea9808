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
        options.Ack = Ack(options, section) ?? options.Ack;
        options.MaxDeliveries = Number(options, section, nameof(options.MaxDeliveries)) ?? options.MaxDeliveries;
        options.MaxMessageBytes = Number(options, section, nameof(options.MaxMessageBytes)) ?? options.MaxMessageBytes;
        options.ProcessingTimeout = Time(options, section, nameof(options.ProcessingTimeout)) ?? options.ProcessingTimeout;
        options.ConflictTimeout = Time(options, section, nameof(options.ConflictTimeout)) ?? options.ConflictTimeout;
        options.CommitTimeout = Time(options, section, nameof(options.CommitTimeout)) ?? options.CommitTimeout;
    }

    private static AckLevel? Ack(DarqOptions options, IConfigurationSection section) =>
        section[nameof(options.Ack)] is not { } text ? null
        : text.Equals(nameof(AckLevel.Durable), StringComparison.OrdinalIgnoreCase) ? AckLevel.Durable
        : text.Equals(nameof(AckLevel.Speculative), StringComparison.OrdinalIgnoreCase) ? AckLevel.Speculative
        : Mistake<AckLevel>(options, nameof(options.Ack), text, "Durable or Speculative");

    private static int? Number(DarqOptions options, IConfigurationSection section, string option) =>
        section[option] is not { } text ? null
        : int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number
        : Mistake<int>(options, option, text, "a whole number");

    private static TimeSpan? Time(DarqOptions options, IConfigurationSection section, string option) =>
        section[option] is not { } text ? null
        : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time
        : Mistake<TimeSpan>(options, option, text, "hours, minutes and seconds such as 00:00:30");

    /// <summary>Kept for the validator, which tells it together with all others.</summary>
    private static T? Mistake<T>(DarqOptions options, string option, string text, string accepted)
        where T : struct
    {
        options.Unreadable.Add((option, $"is \"{text}\"; accepted: {accepted}."));
        return null;
    }
}
