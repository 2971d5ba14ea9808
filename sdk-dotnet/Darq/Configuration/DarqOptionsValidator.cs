using Microsoft.Extensions.Options;

namespace Darq.Configuration;

/// <summary>Names all mistakes at once: the option, the value seen, and the form accepted.</summary>
internal sealed class DarqOptionsValidator : IValidateOptions<DarqOptions>
{
    private const int MaxDeliveries = 1_000_000;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, DarqOptions options)
    {
        var mistakes = new ValidateOptionsResultBuilder();
        foreach (var (option, mistake) in options.Unreadable)
        {
            mistakes.AddError(mistake, Named(option));
        }

        CheckName(mistakes, nameof(DarqOptions.PubSub), options.PubSub, "pubsub.darq");
        CheckName(mistakes, nameof(DarqOptions.StateStore), options.StateStore, "state.darq");
        if (options.Binding is { } binding)
        {
            CheckName(mistakes, nameof(DarqOptions.Binding), binding, "bindings.darq");
        }

        Check(mistakes, nameof(DarqOptions.MaxDeliveries), options.MaxDeliveries ?? 0, 0, MaxDeliveries);
        Check(mistakes, nameof(DarqOptions.MaxMessageBytes), options.MaxMessageBytes, 1, int.MaxValue);
        Check(mistakes, nameof(DarqOptions.ConflictTimeout), options.ConflictTimeout, TimeSpan.Zero, Hour);
        Check(mistakes, nameof(DarqOptions.CommitTimeout), options.CommitTimeout, TimeSpan.FromSeconds(1), Hour);
        // Zero would be no limit for the component, and then a handler that hangs would do so for ever.
        Check(mistakes, nameof(DarqOptions.ProcessingTimeout), options.ProcessingTimeout, TimeSpan.FromMilliseconds(1), 24 * Hour);

        if (options.Ack is { } ack && !Enum.IsDefined(ack))
        {
            mistakes.AddError(
                $"is {ack}; accepted: Durable or Speculative, or null for the component's setting.",
                Named(nameof(options.Ack))
            );
        }

        return mistakes.Build();
    }

    private static void CheckName(ValidateOptionsResultBuilder mistakes, string option, string value, string type)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            mistakes.AddError(
                $"is \"{value}\"; accepted: the name of a component of type {type}, as in AddDarq(o => o.{option} = \"…\").",
                Named(option)
            );
        }
    }

    private static void Check(ValidateOptionsResultBuilder mistakes, string option, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            mistakes.AddError($"is {value}; accepted: a whole number from {least} to {most}.", Named(option));
        }
    }

    private static void Check(ValidateOptionsResultBuilder mistakes, string option, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
        {
            mistakes.AddError($"is {value}; accepted: {least} to {most}.", Named(option));
        }
    }

    private static string Named(string option) => $"Darq:{option}";
}
