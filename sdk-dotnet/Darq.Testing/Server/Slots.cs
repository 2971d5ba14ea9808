namespace Darq.Testing.Server;

/// <summary>The rule of a cluster that one command has keys of one slot only, which a server that is none does not enforce.</summary>
internal static class Slots
{
    private static readonly string[] ManyKeys = ["DEL", "UNLINK", "EXISTS", "MGET", "TOUCH"];

    public static void Check(string[] words)
    {
        if (
            words.Length > 2
            && ManyKeys.Contains(words[0].ToUpperInvariant())
            && words.Skip(1).Select(TagOf).OfType<string>().Distinct().Count() > 1
        )
        {
            throw new NotSupportedException($"{words[0]} names keys of several slots: {string.Join(' ', words[1..])}");
        }
    }

    // Keys without a tag are not the component's.
    private static string? TagOf(string key)
    {
        var open = key.IndexOf('{', StringComparison.Ordinal);
        var close = key.IndexOf('}', open + 1);
        return open >= 0 && close > open + 1 ? key[open..close] : null;
    }
}
