using System.Globalization;

namespace Darq.Testing.Server;

/// <summary>The words of one command and how Redis reads them.</summary>
internal sealed class Arguments(string[] words)
{
    public string Name { get; } = words[0].ToUpperInvariant();

    /// <summary>How many words follow the command's name.</summary>
    public int Count => words.Length - 1;

    public string this[int index] => words[index + 1];

    public string Key => this[0];

    public IEnumerable<string> From(int index) => words.Skip(index + 1);

    public bool Is(int index, string option) => index < Count && this[index].Equals(option, StringComparison.OrdinalIgnoreCase);

    public long Integer(int index) => ParseInteger(this[index]);

    /// <summary>A score, or a bound of scores: a number, infinite or not.</summary>
    public double Score(int index) => ParseScore(this[index], "ERR value is not a valid float");

    public static long ParseInteger(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number.ToString(CultureInfo.InvariantCulture) == text
            ? number
            : throw new CommandException("ERR value is not an integer or out of range");

    public static double ParseScore(string text, string complaint) =>
        text.ToLowerInvariant() switch
        {
            "inf" or "+inf" => double.PositiveInfinity,
            "-inf" => double.NegativeInfinity,
            _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new CommandException(complaint),
        };

    public override string ToString() => string.Join(' ', words);
}
