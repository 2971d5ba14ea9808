using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm.Chart;

/// <summary>
/// Files that are made by the tests and committed. Each test compares the file with what it would be now; with DARQ_RENEW=1 it writes the
/// file instead.
/// </summary>
internal static class Renewal
{
    private const string Command = "DARQ_RENEW=1 dotnet test tests/helm -c Release";

    private static bool IsAsked => Environment.GetEnvironmentVariable("DARQ_RENEW") == "1";

    public static void Compare(string path, string now)
    {
        var file = Repository.PathOf(path);
        if (IsAsked)
        {
            File.WriteAllText(file, now);
            return;
        }

        var committed = File.Exists(file) ? File.ReadAllText(file) : "";
        Assert.True(
            committed == now,
            $"{path} is not what the chart makes now. Look at the difference after: {Command}\n{Difference(committed, now)}"
        );
    }

    /// <summary>The first lines that differ.</summary>
    private static string Difference(string committed, string now)
    {
        var (before, after) = (committed.Split('\n'), now.Split('\n'));
        var first = before.Zip(after).TakeWhile(pair => pair.First == pair.Second).Count();
        return string.Join(
            '\n',
            before.Skip(first).Take(3).Select(line => "- " + line).Concat(after.Skip(first).Take(3).Select(line => "+ " + line))
        );
    }
}
