using System.Text.RegularExpressions;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>Which fields of the headers a call lists decides how many commands it takes, and nothing else.</summary>
public sealed partial class ListedFieldsTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private static readonly string[] Needed = ["t:t", "t:out", "t:dead", "d:out", "r:t", "l:g:t", "r", "t:", "l:h:t"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_that_lists_other_fields_than_it_needs_does_the_same(bool none)
    {
        var expected = await EverythingAsync(Needed);

        Assert.Equal(expected, await EverythingAsync(none ? [] : ["t:else", "l:g:else", "r"]));
    }

    [Fact]
    public async Task A_field_is_listed_twice_without_harm()
    {
        var expected = await EverythingAsync(Needed);

        Assert.Equal(expected, await EverythingAsync([.. Needed, .. Needed]));
    }

    /// <summary>Replies, headers and streams after requests of every kind, without times and names of namespaces.</summary>
    private async Task<string[]> EverythingAsync(string[] listed)
    {
        await using var run = await server.RunAsync();
        run.Listed = listed;
        await run.OpenAsync();
        var fencingToken = (await run.ClaimAsync("claim", "s1"))[0].Split(' ')[1];
        var worldLine = fencingToken.Split('.')[0];
        object[] Consumed(long seq) => [1, "g", "t", fencingToken, worldLine, seq, $"m{seq}"];
        object[][] requests =
        [
            Publish(Append(), Append(id: "a"), Append("out", place: 2)),
            PublishAs("whole", Append(), Append("out", id: "e", place: 2)),
            PublishAs("whole", Append(), Append("out", id: "e", place: 2)),
            Bare("bare", ["x", "y", "z"]),
            Ack(fencingToken, worldLine, 2),
            ["retry", 1, "g", "t", fencingToken, 1, worldLine, 1, 0, 1],
            Step("", [Consumed(3)], [Operation("u", "k"), Operation("d", "l", place: 2)], [Append("out", id: "e", place: 2)]),
            Step("", [Consumed(3)], [Operation("u", "k")]),
            Step("once", operations: [Operation("u", "k", "w")], reads: [Read("none", "")]),
            Step("", [Consumed(1), Consumed(4)], emits: [Append("out")]),
            ["dead", 1, "g", "t", fencingToken, worldLine, 5, "dead", "own", "{}", 1000],
            Write(Operation("u", "k", guard: "*")),
            Publish(Append(maxBacklog: 0)),
            Ack("0.0", worldLine, 6),
        ];
        var seen = new List<string>();
        for (var i = 0; i < requests.Length; i++)
        {
            seen.Add(string.Join('|', await run.BatchAsync("s1", i + 1, requests[i])));
        }

        foreach (var header in run.Headers)
        {
            // Sorted words, because a header has its fields in the order in which they were written, and groups of topics have commas.
            seen.Add(string.Join(',', (await run.CommandAsync("HGETALL", header)).Split(',').Order()));
        }

        foreach (var stream in new[] { run.Key(0, "t:t"), run.Key(1, "t:out"), run.Key(0, "t:out"), run.Key(0, "t:dead") })
        {
            seen.Add(await run.CommandAsync("XRANGE", stream, "-", "+"));
        }

        return [.. seen.Select(text => Time().Replace(text, "T"))];
    }

    // Of the clock or counted from it.
    [GeneratedRegex("[0-9]{13}")]
    private static partial Regex Time();
}
