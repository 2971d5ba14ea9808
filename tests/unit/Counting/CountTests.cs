using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Counting;

/// <summary>The script that decides whether a test run passed, tried on crafted result files.</summary>
public sealed class CountTests : IDisposable
{
    private const string Passed = """<UnitTestResult testName="Good" outcome="Passed" />""";

    private const string Failed = """
        <UnitTestResult testName="Bad" outcome="Failed"><Output><ErrorInfo><Message>two is not three</Message></ErrorInfo></Output></UnitTestResult>
        """;

    private const string Skipped = """
        <UnitTestResult testName="Absent" outcome="NotExecuted"><Output><ErrorInfo><Message>DAPRD is not set</Message></ErrorInfo></Output></UnitTestResult>
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Complete_run_passes_and_ends_with_its_counts()
    {
        Write("One", Passed + Passed + Skipped);
        Write("Two", Passed);

        var (code, output) = await CountAsync(3, "One=0", "Two=0");

        Assert.Equal(0, code);
        Assert.Equal(["skipped: Absent", "    DAPRD is not set", "3 passed, 0 failed, 1 skipped"], output);
    }

    [Fact]
    public async Task Failed_test_fails_the_run_and_is_shown_with_its_message()
    {
        Write("One", Passed + Failed);

        var (code, output) = await CountAsync(1, "One=1");

        Assert.Equal(1, code);
        Assert.Equal("1 passed, 1 failed, 0 skipped", output[^1]);
        Assert.Contains("failed: Bad", output);
        Assert.Contains("    two is not three", output);
    }

    [Fact]
    public async Task Failed_test_is_not_called_an_aborted_run()
    {
        Write(
            "One",
            Passed + Failed,
            "Failed",
            """<RunInfos><RunInfo outcome="Error"><Text>[xUnit.net 00:00:00.75]     Bad [FAIL]</Text></RunInfo></RunInfos>"""
        );

        var (_, output) = await CountAsync(1, "One=1");

        Assert.Contains("not passed: 1 failed", output);
        Assert.DoesNotContain(output, line => line.Contains("aborted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Failed_test_fails_the_run_even_if_its_project_returned_zero()
    {
        Write("One", Passed + Failed);
        await FailsAsync("not passed: 1 failed", 1, "One=0");
    }

    [Fact]
    public async Task Project_that_returned_an_error_fails_the_run()
    {
        Write("One", Passed);
        await FailsAsync("not passed: One returned 134", 1, "One=134");
    }

    [Fact]
    public async Task Missing_result_file_fails_the_run()
    {
        Write("One", Passed);
        await FailsAsync("not passed: Two has no TRX file", 1, "One=0", "Two=0");
    }

    [Fact]
    public async Task Result_file_that_is_cut_off_fails_the_run()
    {
        Write("One", Passed);
        _folder.Write("Two.trx", """<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>""");
        await FailsAsync("not passed: Two has a TRX file that is cut off", 1, "One=0", "Two=0");
    }

    [Theory]
    [InlineData("Aborted", "")]
    [InlineData("Failed", """<RunInfos><RunInfo outcome="Error"><Text>The active test run was aborted.</Text></RunInfo></RunInfos>""")]
    public async Task Aborted_run_fails_although_all_its_results_passed(string outcome, string infos)
    {
        Write("One", Passed, outcome, infos);
        await FailsAsync("not passed: One was aborted", 1, "One=0");
    }

    [Fact]
    public async Task Result_lost_between_counters_and_results_fails_the_run()
    {
        Write("One", Passed, total: 2);
        await FailsAsync("not passed: One says 2 tests and holds 1", 1, "One=0");
    }

    [Fact]
    public async Task Project_without_tests_fails_the_run()
    {
        Write("One", Passed);
        Write("Two", "");
        await FailsAsync("not passed: Two ran no tests", 1, "One=0", "Two=0");
    }

    [Fact]
    public async Task Outcome_nobody_expects_fails_the_run()
    {
        Write("One", Passed + """<UnitTestResult testName="Odd" outcome="Timeout" />""");
        await FailsAsync("not passed: Odd has the outcome Timeout", 1, "One=0");
    }

    [Fact]
    public async Task Fewer_passed_tests_than_the_minimum_fail_the_run()
    {
        Write("One", Passed + Skipped);
        await FailsAsync("not passed: 1 passed, tests/minimum asks for 2", 2, "One=0");
    }

    [Fact]
    public async Task Check_that_did_not_return_zero_fails_the_run()
    {
        Write("One", Passed);
        await FailsAsync("not passed: the check of the format returned 2", 1, "--check=other=0", "--check=format=2", "One=0");
    }

    [Fact]
    public async Task Run_without_projects_fails() => await FailsAsync("not passed: there are no test projects", 0);

    [Fact]
    public async Task Partial_run_may_leave_projects_without_tests_and_says_that_it_is_partial()
    {
        Write("One", Passed);

        var (code, output) = await CountAsync(100, "--partial", "One=0", "Two=0");

        Assert.Equal(0, code);
        Assert.Equal(["This was a partial run.", "1 passed, 0 failed, 0 skipped"], output);
    }

    [Fact]
    public async Task Partial_run_in_which_nothing_passed_fails() =>
        await FailsAsync("not passed: nothing passed", 1, "--partial", "One=0");

    private void Write(string project, string results, string outcome = "Completed", string infos = "", int? total = null)
    {
        var count = total ?? results.Split("<UnitTestResult ").Length - 1;
        _folder.Write(
            $"{project}.trx",
            $"""
            <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
              <Results>{results}</Results>
              <ResultSummary outcome="{outcome}"><Counters total="{count}" />{infos}</ResultSummary>
            </TestRun>
            """
        );
    }

    private async Task FailsAsync(string reason, int minimum, params string[] projects)
    {
        var (code, output) = await CountAsync(minimum, projects);
        Assert.Equal(1, code);
        Assert.Contains(output, line => line.StartsWith(reason, StringComparison.Ordinal));
    }

    private async Task<(int Code, IReadOnlyList<string> Output)> CountAsync(int minimum, params string[] arguments)
    {
        var options = arguments.Where(argument => argument.StartsWith("--", StringComparison.Ordinal));
        string[] all =
        [
            Repository.PathOf("tests", "count.py"),
            "--minimum",
            _folder.Write("minimum", $"{minimum}\n"),
            .. options,
            _folder.FullPath,
            .. arguments.Except(options),
        ];
        await using var count = await ChildProcess.StartAsync(Tools.Python, all);
        var code = await count.WaitForExitAsync(TimeSpan.FromSeconds(30));
        return (code, count.Output.All);
    }
}
