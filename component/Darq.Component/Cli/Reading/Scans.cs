using System.Runtime.CompilerServices;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Reading;

/// <summary>Keys and large values page by page, so that neither the server nor this process holds much at once.</summary>
internal sealed class Scans(IRedisCommands redis)
{
    private const int PerPage = 500;

    /// <summary>Pages of names, each at least once. Throws <see cref="RefusedScanException"/> where SCAN is refused.</summary>
    /// <param name="prefix">What the names begin with, as it is.</param>
    /// <param name="cancellation">Ends the scan.</param>
    public IAsyncEnumerable<IReadOnlyList<string>> KeysAsync(string prefix, CancellationToken cancellation) =>
        KeysLikeAsync(Escape(prefix) + "*", PerPage, cancellation);

    /// <summary>As <see cref="KeysAsync"/>, of names that match a pattern.</summary>
    public IAsyncEnumerable<IReadOnlyList<string>> KeysLikeAsync(string pattern, int perPage, CancellationToken cancellation) =>
        PagesAsync("SCAN", [], ["MATCH", pattern, "COUNT", $"{perPage}"], cancellation);

    /// <summary>Pages of fields and values of a hash, or of members and scores of a sorted set, in turn.</summary>
    /// <param name="command">HSCAN or ZSCAN.</param>
    /// <param name="key">The key.</param>
    /// <param name="match">What the names begin with; null for all.</param>
    /// <param name="cancellation">Ends the scan.</param>
    /// <param name="perPage">About how many a page has.</param>
    public async IAsyncEnumerable<(string Name, string Value)> PairsAsync(
        string command,
        string key,
        string? match,
        [EnumeratorCancellation] CancellationToken cancellation,
        int perPage = PerPage
    )
    {
        string[] options = match is null ? ["COUNT", $"{perPage}"] : ["MATCH", Escape(match) + "*", "COUNT", $"{perPage}"];
        await foreach (var page in PagesAsync(command, [key], options, cancellation))
        {
            for (var i = 0; i + 1 < page.Count; i += 2)
            {
                yield return (page[i], page[i + 1]);
            }
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<string>> PagesAsync(
        string command,
        string[] before,
        string[] after,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var cursor = "0";
        do
        {
            var answer = (await redis.ExecuteAsync([new(command, [.. before, cursor, .. after])], cancellation))[0];
            if (answer.Error is { } error)
            {
                throw new RefusedScanException(command, error);
            }

            cursor = answer.Items[0].ToString();
            yield return [.. answer.Items[1].Items.Select(CommandReply.TextOf)];
        } while (cursor != "0");
    }

    /// <summary>Without the meaning that some letters have in a pattern of MATCH.</summary>
    private static string Escape(string text) =>
        string.Concat(text.Select(letter => letter is '*' or '?' or '[' or ']' or '\\' ? $"\\{letter}" : $"{letter}"));
}

/// <summary>A scan that Redis refused, for want of a permission.</summary>
internal sealed class RefusedScanException(string command, string error) : Exception($"{command}: {error}")
{
    public string Command { get; } = command;

    public string Error { get; } = error;
}
