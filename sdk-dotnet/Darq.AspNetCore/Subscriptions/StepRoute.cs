using System.Security.Cryptography;
using System.Text;

namespace Darq.AspNetCore.Subscriptions;

/// <summary>
/// The route of a topic. A topic may have any letters, and routes know no difference between upper and lower case, so the route has what
/// can be read of the topic and, where that is not all, a piece of its hash.
/// </summary>
internal static class StepRoute
{
    private const string Prefix = "/darq/";
    private const int HashBytes = 6;

    public static string Of(string topic)
    {
        var readable = string.Concat(topic.Select(letter => IsPlain(letter) ? letter : '-'));
        return readable == topic ? Prefix + topic : $"{Prefix}{readable}-{Hash(topic)}";
    }

    private static bool IsPlain(char letter) => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '_';

    private static string Hash(string topic) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(topic)).AsSpan(0, HashBytes));
}
