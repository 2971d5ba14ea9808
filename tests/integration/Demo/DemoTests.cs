using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Darq.Tests.Shared;
using Xunit;
using StartedProcess = System.Diagnostics.Process;

namespace Darq.Tests.Integration.Demo;

/// <summary>The command that a reader runs first, run as that reader does.</summary>
[Trait("Lane", "Slow")]
public sealed class DemoTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Books_balance_when_every_transfer_is_one_step()
    {
        await using var demo = await ChildProcess.StartAsync(Repository.PathOf("demo.sh"), ["--transfers", "300", "--seed", "7"]);
        var code = await demo.WaitForExitAsync(Patience);

        Assert.True(code == 0, demo.Output.ToString());
        Assert.Equal("BOOKS BALANCE", demo.Output.All[^1]);
    }

    [Fact]
    public async Task Books_balance_when_apps_pods_and_redis_are_killed_and_a_pod_is_paused()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.FullPath, "numbers.json");
        await using var demo = await ChildProcess.StartAsync(
            Repository.PathOf("demo.sh"),
            ["--transfers", "400", "--chaos", "4", "--seed", "3", "--json", file]
        );
        var code = await demo.WaitForExitAsync(Patience);

        Assert.True(code == 0, demo.Output.ToString());
        var numbers = JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement;
        Assert.True(numbers.GetProperty("books_balance").GetBoolean());
        Assert.Equal(400, numbers.GetProperty("steps_applied").GetInt32());
        Assert.All(numbers.GetProperty("faults").EnumerateObject(), kind => Assert.Equal(1, kind.Value.GetInt32()));
    }

    [Fact]
    public async Task Steps_without_their_token_end_with_the_transfers_that_took_effect_twice()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.FullPath, "numbers.json");
        await using var demo = await ChildProcess.StartAsync(
            Repository.PathOf("demo.sh"),
            ["--transfers", "300", "--seed", "2", "--without-token", "--json", file]
        );
        var code = await demo.WaitForExitAsync(Patience);

        Assert.True(code == 1, demo.Output.ToString());
        Assert.Contains(demo.Output.All, line =>
            line.StartsWith("WRONG: ", StringComparison.Ordinal)
            && line.Contains("transfers have two receipts: T", StringComparison.Ordinal)
        );
        Assert.Contains(demo.Output.All, line =>
            line.StartsWith("WRONG: ", StringComparison.Ordinal)
            && line.Contains("accounts have the wrong balance: A", StringComparison.Ordinal)
        );
        Assert.DoesNotContain("BOOKS BALANCE", demo.Output.All);
        Assert.False(JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement.GetProperty("books_balance").GetBoolean());
    }

    [Theory]
    [InlineData("--concurrent")]
    [InlineData]
    public async Task Books_balance_though_sidecars_acknowledge_what_no_app_answered(params string[] dispatch)
    {
        await using var demo = await ChildProcess.StartAsync(
            Repository.PathOf("demo.sh"),
            // Of two faults, this seed's are the death of an app and that of Redis.
            ["--transfers", "300", "--chaos", "2", "--seed", "2", "--false-acks", .. dispatch]
        );
        var code = await demo.WaitForExitAsync(Patience);

        Assert.True(code == 0, demo.Output.ToString());
        Assert.Equal("BOOKS BALANCE", demo.Output.All[^1]);
    }

    [Fact]
    public async Task Transfers_that_a_sidecar_acknowledged_falsely_are_lost_without_requireStep()
    {
        await using var demo = await ChildProcess.StartAsync(
            Repository.PathOf("demo.sh"),
            ["--transfers", "300", "--chaos", "2", "--seed", "2", "--false-acks", "--without-require-step", "--timeout", "45s"]
        );

        Assert.Equal(1, await demo.WaitForExitAsync(Patience));
        Assert.Contains(demo.Output.All, line =>
            line.StartsWith("WRONG: ", StringComparison.Ordinal) && line.Contains("transfers have no receipt", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Demo_that_is_not_done_in_time_says_what_is_missing()
    {
        await using var demo = await ChildProcess.StartAsync(Repository.PathOf("demo.sh"), ["--transfers", "100000", "--timeout", "5s"]);

        Assert.Equal(1, await demo.WaitForExitAsync(Patience));
        Assert.Contains("WRONG: the run was ended after 5 s, see --timeout", demo.Output.All);
        Assert.Contains(demo.Output.All, line => line.StartsWith("WRONG: steps that took effect: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Signal.Int, 130)]
    [InlineData(Signal.Term, 130)]
    internal async Task Interrupted_demo_leaves_no_process_and_no_file(Signal signal, int code)
    {
        using var folder = new TempFolder();
        // Without a leash of ours, which would clean up in its place; its processes are known by their temp folder.
        // SIGINT is reset because a shell that starts tests in the background hands it down ignored.
        using var demo = Start("/usr/bin/env", ["--default-signal=INT", Repository.PathOf("demo.sh"), "--transfers", "100000"], folder);
        try
        {
            await Eventually.TrueAsync(() => IsPublishing(demo, folder), Patience, "the demo publishes");
            Signals.Send(demo.Id, signal);
            await demo.WaitForExitAsync().WaitAsync(Patience);

            Assert.Equal(code, demo.ExitCode);
            Assert.Empty(ProcessesIn(folder));
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder.FullPath));
        }
        finally
        {
            foreach (var id in ProcessesIn(folder))
            {
                Signals.Send(id, Signal.Kill);
            }
        }
    }

    [Fact]
    public async Task Killed_demo_leaves_no_process()
    {
        using var folder = new TempFolder();
        using var demo = Start(Repository.PathOf("demo.sh"), ["--transfers", "100000"], folder);
        try
        {
            await Eventually.TrueAsync(() => IsPublishing(demo, folder), Patience, "the demo publishes");
            Signals.Send(demo.Id, Signal.Kill);

            await Eventually.TrueAsync(() => ProcessesIn(folder).Count == 0, Patience, "every process of the demo ended");
        }
        finally
        {
            foreach (var id in ProcessesIn(folder))
            {
                Signals.Send(id, Signal.Kill);
            }
        }
    }

    [Fact]
    public async Task Demo_without_a_redis_that_starts_says_so_and_fails()
    {
        Dictionary<string, string?> environment = new() { ["DARQ_DEMO_REDIS"] = "/bin/false" };
        await using var demo = await ChildProcess.StartAsync(Repository.PathOf("demo.sh"), ["--transfers", "10"], environment);

        Assert.Equal(1, await demo.WaitForExitAsync(Patience));
        Assert.StartsWith(
            "WRONG: redis ended with 1",
            demo.Output.All.Single(line => line.StartsWith("WRONG", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
    }

    private static StartedProcess Start(string program, string[] arguments, TempFolder folder)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["TMPDIR"] = folder.FullPath;
        var process = StartedProcess.Start(info)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static bool IsPublishing(StartedProcess demo, TempFolder folder)
    {
        Assert.False(demo.HasExited, "the demo ended before it published");
        var log = Directory.EnumerateFiles(folder.FullPath, "teller.log", SearchOption.AllDirectories).FirstOrDefault();
        return log is not null && new FileInfo(log).Length > 0;
    }

    private static List<int> ProcessesIn(TempFolder folder)
    {
        List<int> found = [];
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            var isProcess = int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var id);
            if (isProcess && EnvironmentOf(id).Contains(folder.FullPath, StringComparison.Ordinal))
            {
                found.Add(id);
            }
        }

        return found;
    }

    private static string EnvironmentOf(int id)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{id}/environ"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
