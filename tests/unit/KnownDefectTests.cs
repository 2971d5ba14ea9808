using Darq.Tests.Shared;
using Xunit;
using Xunit.Sdk;

namespace Darq.Tests.Unit;

/// <summary>When a test marked as a known defect is skipped, and when it fails.</summary>
public sealed class KnownDefectTests
{
    private static readonly TimeSpan Once = TimeSpan.Zero;

    [Fact]
    public async Task Assertion_with_the_symptom_skips_the_test_and_tells_its_first_line()
    {
        var told = await OutcomeAsync("was lost", () => Assert.Fail("A message was lost.\nMore of it."));

        Assert.IsType<SkipException>(told);
        Assert.EndsWith("known defect A1: A message was lost.", told.Message);
    }

    [Fact]
    public async Task Wait_that_ends_with_the_symptom_skips_the_test()
    {
        var told = await ThrownAsync(() =>
            KnownDefect.ShowAsync("A1", "delivered again", () => Eventually.TrueAsync(() => false, Once, "it is delivered again"))
        );

        Assert.IsType<SkipException>(told);
        Assert.EndsWith("known defect A1: Not true within 0 s: it is delivered again", told.Message);
    }

    [Fact]
    public async Task Test_that_passes_fails_while_it_is_marked()
    {
        var told = await OutcomeAsync("was lost", () => { });

        Assert.IsAssignableFrom<XunitException>(told);
        Assert.Equal("A1 no longer shows: take the mark off this test.", told.Message);
    }

    [Fact]
    public async Task Assertion_without_the_symptom_fails_the_test()
    {
        var told = await OutcomeAsync("was lost", () => Assert.Fail("another reason"));

        Assert.IsAssignableFrom<XunitException>(told);
        Assert.Equal("another reason", told.Message);
    }

    [Fact]
    public async Task Wait_that_ends_without_the_symptom_fails_the_test() =>
        Assert.IsType<TimeoutException>(await OutcomeAsync("was lost", () => throw new TimeoutException("The operation has timed out.")));

    [Fact]
    public async Task Exception_that_is_no_assertion_fails_the_test_whatever_its_text()
    {
        var told = await OutcomeAsync("was lost", () => throw new InvalidOperationException("A message was lost."));

        Assert.IsType<InvalidOperationException>(told);
    }

    [Fact]
    public async Task Test_that_skips_itself_is_skipped_for_its_own_reason()
    {
        var told = await OutcomeAsync("was lost", () => Assert.Skip("DAPRD is not set"));

        Assert.IsType<SkipException>(told);
        Assert.EndsWith("DAPRD is not set", told.Message);
    }

    [Fact]
    public async Task Symptom_that_every_failure_has_is_refused() =>
        Assert.IsType<ArgumentException>(await OutcomeAsync("", () => Assert.Fail("anything")));

    /// <summary>What both forms make of a test, which has to be the same.</summary>
    private static async Task<Exception> OutcomeAsync(string symptom, Action test)
    {
        var told = await ThrownAsync(() =>
        {
            KnownDefect.Show("A1", symptom, test);
            return Task.CompletedTask;
        });
        var toldLater = await ThrownAsync(() => KnownDefect.ShowAsync("A1", symptom, async () =>
            {
                await Task.Yield();
                test();
            }));
        Assert.Equal((told?.GetType(), told?.Message), (toldLater?.GetType(), toldLater?.Message));
        return told!;
    }

    /// <summary>As Record.ExceptionAsync, which lets a skip through to the runner.</summary>
    private static async Task<Exception?> ThrownAsync(Func<Task> test)
    {
        try
        {
            await test();
            return null;
        }
        catch (Exception thrown)
        {
            return thrown;
        }
    }
}
