using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Fixtures;

public sealed class ChildProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Descendant_that_left_its_group_dies_with_its_owner()
    {
        int left;
        await using (var child = await ChildProcess.StartAsync("/bin/bash", ["-c", "setsid sleep 600 & echo left $!; wait"]))
        {
            left = int.Parse((await child.WaitForLineAsync("^left (\\d+)$", Patience)).Groups[1].Value, null);
            Assert.True(Signals.IsAlive(left));
        }

        Assert.False(Signals.IsAlive(left));
    }

    [Fact]
    public async Task Stopped_child_dies_with_its_owner()
    {
        int id;
        await using (var child = await ChildProcess.StartAsync("/bin/sleep", ["600"]))
        {
            id = child.Id;
            child.Signal(Signal.Stop);
        }

        Assert.False(Signals.IsAlive(id));
    }

    [Fact]
    public async Task Descendants_die_when_their_owner_is_killed()
    {
        // The owner here is a leash inside a leash: killing it with SIGKILL leaves it no moment to clean up.
        var leash = Repository.PathOf("tests", "shared", "leash.py");
        var script =
            $"{Tools.Python} -c 'import subprocess, sys; "
            + $"c = subprocess.Popen([sys.executable, \"{leash}\", \"--announce\", \"sleep\", \"600\"], stdin=subprocess.PIPE, "
            + "stdout=subprocess.PIPE); "
            + "print(\"inner\", c.stdout.readline().decode(), flush=True); c.wait()' & echo owner $!; wait";
        await using var child = await ChildProcess.StartAsync("/bin/bash", ["-c", script]);
        var owner = int.Parse((await child.WaitForLineAsync("^owner (\\d+)$", Patience)).Groups[1].Value, null);
        var inner = int.Parse((await child.WaitForLineAsync("^inner (\\d+)", Patience)).Groups[1].Value, null);

        Signals.Send(owner, Signal.Kill);

        await Eventually.TrueAsync(() => !Signals.IsAlive(inner), Patience, "the leash noticed the death of its owner");
    }

    [Fact]
    public async Task Exit_code_and_output_of_the_command_are_those_of_the_child()
    {
        await using var child = await ChildProcess.StartAsync("/bin/bash", ["-c", "echo out; echo err >&2; exit 7"]);
        Assert.Equal(7, await child.WaitForExitAsync(Patience));
        await child.WaitForLineAsync("^out$", Patience);
        await child.WaitForLineAsync("^err$", Patience);
    }

    [Fact]
    public async Task Waiting_for_a_line_ends_when_the_child_does()
    {
        await using var child = await ChildProcess.StartAsync("/bin/echo", ["something else"]);
        var fault = await Assert.ThrowsAsync<TimeoutException>(() => child.WaitForLineAsync("never", TimeSpan.FromMinutes(5)));
        Assert.Contains("something else", fault.Message, StringComparison.Ordinal);
    }
}
