using System.Diagnostics.CodeAnalysis;
using Xunit;
using Xunit.Sdk;

namespace Darq.Tests.Shared;

/// <summary>
/// Marks a test of right behaviour that the code does not show yet. While the defect shows, the test counts as skipped, with what
/// was seen as the reason; once it shows no longer the test fails, until the mark is taken off: delete the call around the body.
/// The defect shows only where an assertion or <see cref="Eventually"/> fails with the symptom in its text. Every other failure
/// fails the test, so that a broken fixture or a rotten test never passes for a known defect.
/// </summary>
internal static class KnownDefect
{
    /// <param name="id">The defect's number in the list of known defects, such as A1.</param>
    /// <param name="symptom">Part of the text with which the assertion fails that the defect breaks.</param>
    /// <param name="test">The test of the right behaviour.</param>
    public static async Task ShowAsync(string id, string symptom, Func<Task> test)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(symptom);
        try
        {
            await test();
        }
        catch (Exception failure) when (Shows(symptom, failure))
        {
            StillThere(id, failure);
        }
        Assert.Fail(Gone(id));
    }

    /// <inheritdoc cref="ShowAsync"/>
    public static void Show(string id, string symptom, Action test)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(symptom);
        try
        {
            test();
        }
        catch (Exception failure) when (Shows(symptom, failure))
        {
            StillThere(id, failure);
        }
        Assert.Fail(Gone(id));
    }

    private static bool Shows(string symptom, Exception failure) =>
        failure is XunitException or TimeoutException && failure.Message.Contains(symptom, StringComparison.Ordinal);

    /// <summary>The only place that names the runner's way to skip a test that has begun.</summary>
    [DoesNotReturn]
    private static void StillThere(string id, Exception failure) =>
        Assert.Skip($"known defect {id}: {failure.Message.Trim().Split('\n')[0].TrimEnd()}");

    private static string Gone(string id) => $"{id} no longer shows: take the mark off this test.";
}
