using Google.Protobuf.Collections;

namespace Darq.Sidecar.Operations;

/// <summary>Metadata between messages and dictionaries; a later value of a key replaces an earlier one.</summary>
internal static class StringMaps
{
    public static void Set(this MapField<string, string> target, IEnumerable<KeyValuePair<string, string>> source)
    {
        foreach (var (key, value) in source)
        {
            target[key] = value;
        }
    }

    /// <summary>A new dictionary with both, in which the second wins.</summary>
    public static Dictionary<string, string> With(
        this IEnumerable<KeyValuePair<string, string>> first,
        IEnumerable<KeyValuePair<string, string>> second
    )
    {
        var result = new Dictionary<string, string>(first);
        foreach (var (key, value) in second)
        {
            result[key] = value;
        }

        return result;
    }
}
