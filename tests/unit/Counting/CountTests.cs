using System.Security;
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

    private const string Crashed = "The active test run was aborted. Reason: Test host process crashed";

    private static readonly string NoMatch = Note("Warning", "No test matches the given testcase filter `X` in /tests/Two.dll");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Complete_run_passes_and_ends_with_its_counts()
    {
        Write("One", Passed + Passed + Skipped);
        Write("Two", Passed);

        var (code, output) = await CountAsync("One=0", "Two=0");

        Assert.Equal(0, code);
        Assert.Equal(["skipped: Absent", "    DAPRD is not set", "3 passed, 0 failed, 1 skipped"], output);
    }

    [Fact]
    public async Task Failed_test_fails_the_run_and_is_shown_with_its_message()
    {
        Write("One", Passed + Failed, "Failed");

        var (code, output) = await CountAsync("One=1");

        Assert.Equal(1, code);
        Assert.Equal(["failed: Bad", "    two is not three", "not passed: 1 failed", "1 passed, 1 failed, 0 skipped"], output);
    }

    [Theory]
    [InlineData("Bad [FAIL]")]
    [InlineData("Bad(text: \"The active test run was aborted\") [FAIL]")]
    public async Task Failed_test_is_not_called_an_aborted_run(string noted)
    {
        Write("One", Passed + Failed, "Failed", Note("Error", $"[xUnit.net 00:00:00.75]     {noted}"));

        var (_, output) = await CountAsync("One=1");

        Assert.Equal("not passed: 1 failed", Assert.Single(output, line => line.StartsWith("not passed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Project_without_a_result_file_fails_the_run()
    {
        Write("One", Passed);
        await FailsAsync("Two has no TRX file", "One=0", "Two=0");
    }

    [Fact]
    public async Task Result_file_of_no_project_that_was_started_fails_the_run()
    {
        Write("One", Passed);
        Write("Two", Passed);
        await FailsAsync("Two.trx is of no project that was started", "One=0");
    }

    [Fact]
    public async Task Result_file_that_is_cut_off_fails_the_run()
    {
        Write("One", Passed);
        _folder.Write("Two.trx", """<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>""");
        await FailsAsync("Two has a TRX file that is cut off", "One=0", "Two=0");
    }

    [Fact]
    public async Task Result_file_without_a_summary_fails_the_run()
    {
        _folder.Write("One.trx", """<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010" />""");
        await FailsAsync("One has a TRX file without a summary", "One=0");
    }

    [Fact]
    public async Task Aborted_run_fails_although_all_its_results_passed()
    {
        Write("One", Passed, "Aborted");
        await FailsAsync("One was aborted", "One=0");
    }

    /// <summary>As the runner writes it of a host that crashed.</summary>
    [Fact]
    public async Task Crashed_project_is_named_as_aborted_with_the_reason()
    {
        Write("One", "", "Failed", Note("Error", $"{Crashed} : Process terminated.\n   at System.Environment.FailFast(System.String)"));
        await FailsAsync($"One was aborted ({Crashed} : Process terminated.)", "One=1");
    }

    /// <summary>As the runner writes it of a host that it ended because no test did for too long.</summary>
    [Fact]
    public async Task Hanging_project_is_named_as_silent_for_too_long()
    {
        const string Elapsed = "The specified inactivity time of 10 minutes has elapsed";
        Write("One", Passed, "Failed", Note("Error", Crashed) + Note("Warning", $"Data collector 'Blame' message: {Elapsed}. Collecting"));
        await FailsAsync($"One was silent for too long ({Elapsed})", "One=1");
    }

    [Theory]
    [InlineData("[FATAL ERROR] System.Exception")]
    [InlineData("[Test Class Cleanup Failure (Good)] Xunit.Sdk.TestPipelineException")]
    public async Task Error_outside_of_a_test_fails_the_run_without_being_called_aborted(string error)
    {
        Write("One", Passed, "Failed", Note("Error", $"[xUnit.net 00:00:02.44]     {error}"));

        var (code, output) = await CountAsync("One=1");

        Assert.Equal(1, code);
        Assert.Equal([$"not passed: One ended with an error ({error})", "1 passed, 0 failed, 0 skipped"], output);
    }

    [Fact]
    public async Task Outcome_of_a_project_that_is_neither_Completed_nor_Failed_fails_the_run()
    {
        Write("One", Passed, "Disconnected");
        await FailsAsync("One ended with the outcome Disconnected", "One=0");
    }

    [Fact]
    public async Task Failed_project_without_a_failed_test_fails_the_run()
    {
        Write("One", Passed, "Failed");
        await FailsAsync("One ended with the outcome Failed, and none of its tests did", "One=0");
    }

    [Fact]
    public async Task Outcome_of_a_test_that_nobody_expects_fails_the_run()
    {
        Write("One", Passed + """<UnitTestResult testName="Odd" outcome="Timeout" />""");
        await FailsAsync("Odd has the outcome Timeout", "One=0");
    }

    [Fact]
    public async Task Result_lost_between_counters_and_results_fails_the_run()
    {
        Write("One", Passed, total: 2);
        await FailsAsync("One says 2 tests and holds 1", "One=0");
    }

    [Fact]
    public async Task Project_without_tests_fails_the_run()
    {
        Write("One", Passed);
        Write("Two", "");
        await FailsAsync("Two ran no tests", "One=0", "Two=0");
    }

    [Theory]
    [InlineData(Passed, "Completed", 1, 0)]
    [InlineData(Passed, "Completed", 134, 0)]
    [InlineData(Passed + Failed, "Failed", 0, 1)]
    [InlineData(Passed + Failed, "Failed", 137, 1)]
    public async Task Exit_code_that_contradicts_the_results_fails_the_run(string results, string outcome, int code, int expected)
    {
        Write("One", results, outcome);
        await FailsAsync($"One returned {code} although its results say {expected}", $"One={code}");
    }

    [Fact]
    public async Task Check_that_did_not_return_zero_fails_the_run()
    {
        Write("One", Passed);
        await FailsAsync("the check of the format returned 2", "--check=other=0", "--check=format=2", "One=0");
    }

    [Fact]
    public async Task Run_without_projects_fails() => await FailsAsync("there are no test projects");

    [Theory]
    [InlineData("--partial=lane")]
    [InlineData("--partial=name")]
    public async Task Partial_run_says_that_it_is_partial(string partial)
    {
        Write("One", Passed);

        var (code, output) = await CountAsync(partial, "One=0");

        Assert.Equal(0, code);
        Assert.Equal(["This was a partial run.", "1 passed, 0 failed, 0 skipped"], output);
    }

    [Fact]
    public async Task Project_in_which_no_test_has_the_name_does_not_fail_the_run()
    {
        Write("One", Passed);
        Write("Two", "", infos: NoMatch);

        var (code, output) = await CountAsync("--partial=name", "One=0", "Two=0");

        Assert.Equal(0, code);
        Assert.Equal(["This was a partial run.", "1 passed, 0 failed, 0 skipped"], output);
    }

    [Fact]
    public async Task Project_that_found_no_tests_at_all_fails_a_run_by_name_too()
    {
        Write("One", Passed);
        Write("Two", "", infos: Note("Warning", "No test is available in /tests/Two.dll."));
        await FailsAsync("Two ran no tests", "--partial=name", "One=0", "Two=0");
    }

    [Fact]
    public async Task Project_without_a_test_of_the_lane_fails_the_run()
    {
        Write("One", Passed);
        Write("Two", "", infos: NoMatch);
        await FailsAsync("Two ran no tests", "--partial=lane", "One=0", "Two=0");
    }

    [Fact]
    public async Task Name_that_no_test_has_fails_the_run()
    {
        Write("One", "", infos: NoMatch);
        await FailsAsync("nothing passed", "--partial=name", "One=0");
    }

    private static string Note(string outcome, string text) =>
        $"""<RunInfo outcome="{outcome}"><Text>{SecurityElement.Escape(text)}</Text></RunInfo>""";

    private void Write(string project, string results, string outcome = "Completed", string infos = "", int? total = null)
    {
        var count = total ?? results.Split("<UnitTestResult ").Length - 1;
        _folder.Write(
            $"{project}.trx",
            $"""
            <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
              <Results>{results}</Results>
              <ResultSummary outcome="{outcome}"><Counters total="{count}" /><RunInfos>{infos}</RunInfos></ResultSummary>
            </TestRun>
            """
        );
    }

    /// <summary>The run fails, and says so for this reason in a line of its own before the counts.</summary>
    private async Task FailsAsync(string reason, params string[] arguments)
    {
        var (code, output) = await CountAsync(arguments);
        Assert.Equal(1, code);
        Assert.Contains(output.SkipLast(1), line => line.StartsWith($"not passed: {reason}", StringComparison.Ordinal));
        Assert.Matches("^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$", output[^1]);
    }

    private async Task<(int Code, IReadOnlyList<string> Output)> CountAsync(params string[] arguments)
    {
        var options = arguments.Where(argument => argument.StartsWith("--", StringComparison.Ordinal));
        string[] all = [Repository.PathOf("tests", "count.py"), .. options, _folder.FullPath, .. arguments.Except(options)];
        await using var count = await ChildProcess.StartAsync(Tools.Python, all);
        var code = await count.WaitForExitAsync(TimeSpan.FromSeconds(30));
        return (code, count.Output.All);
    }
}
