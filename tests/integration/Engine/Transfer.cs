using System.Globalization;

namespace Darq.Tests.Integration.Engine;

/// <summary>A message of the bank: so much from one account to another.</summary>
internal sealed record Transfer(string Id, int From, int To, long Amount)
{
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Id} {From} {To} {Amount}");

    public static Transfer Parse(string text)
    {
        var words = text.Split(' ');
        int At(int index) => int.Parse(words[index], CultureInfo.InvariantCulture);
        return new(words[0], At(1), At(2), At(3));
    }
}

/// <summary>An account as it is stored: its balance, and which transfers made it.</summary>
internal sealed record Account(long Balance, IReadOnlyList<string> Transfers)
{
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Balance}|{string.Join(',', Transfers)}");

    public Account After(string transfer, long change) => new(Balance + change, [.. Transfers, transfer]);

    public static Account Parse(string text)
    {
        var bar = text.IndexOf('|', StringComparison.Ordinal);
        return new(
            long.Parse(text[..bar], CultureInfo.InvariantCulture),
            text[(bar + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries)
        );
    }
}
