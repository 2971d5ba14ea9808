using System.Runtime.InteropServices;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.ToolsScript;

/// <summary>What <c>tests/tools.sh</c> does where apt has no lists. It takes the network, as it does on such a machine.</summary>
[Trait("Lane", "Slow")]
public sealed class FreshMachineTests(FreshMachine machine) : IClassFixture<FreshMachine>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Redis_is_fetched_where_apt_has_no_lists()
    {
        var answer = Assert.Single(await machine.ShellAsync("\"$DARQ_REDIS_SERVER\" --version; [[ $DARQ_REDIS_SERVER == \"$PWD\"/* ]]"));

        Assert.StartsWith("Redis server v=", answer, StringComparison.Ordinal);
        Assert.Contains(machine.Output, line => line.StartsWith("tools: reading the package lists of ", StringComparison.Ordinal));
        Assert.Contains(machine.Output, line => line.StartsWith("tools: downloading redis-server_", StringComparison.Ordinal));
    }

    /// <summary>An assembler program, because what links a Native AOT binary has no compiler in it.</summary>
    [Fact]
    public async Task Unpacked_toolchain_links_a_program_that_runs()
    {
        var answer = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "mov w0, #42" : "mov $42, %eax";
        await File.WriteAllTextAsync(
            machine.PathOf("answer.s"),
            $".globl main\nmain: {answer}\nret\n.section .note.GNU-stack, \"\", %progbits\n"
        );

        var output = await machine.ShellAsync(
            "[[ $DARQ_NATIVE_LINKER == \"$PWD\"/* && $(command -v objcopy) == \"$PWD\"/* ]]; "
                + "\"$DARQ_NATIVE_LINKER\" answer.s -o answer -pie -pthread -lm; objcopy --strip-debug answer; ./answer || echo $?"
        );

        Assert.Equal(["42"], output);
    }

    [Fact]
    public void Nothing_of_the_system_is_written_and_its_hooks_do_not_run() =>
        Assert.Empty(Directory.EnumerateFileSystemEntries(machine.SystemState));

    [Fact]
    public async Task What_was_fetched_is_not_fetched_again()
    {
        await using var script = await machine.RunAsync(["redis", "native"]);

        Assert.Equal(0, await script.WaitForExitAsync(Patience));
        Assert.Empty(script.Output.All);
    }

    /// <summary>That nobody answers at the proxy also shows that the user's proxy is the way taken.</summary>
    [Fact]
    public async Task Machine_without_network_is_told_so()
    {
        var nobody = $"\"http://127.0.0.1:{FreePort.Next()}\";\n";
        await using var script = await machine.RunAsync(
            ["redis"],
            $"Dir::Etc::Parts \"/dev/null\";\nAcquire::Retries \"0\";\nAcquire::http::Proxy {nobody}Acquire::https::Proxy {nobody}",
            machine.PathOf("offline")
        );

        Assert.Equal(1, await script.WaitForExitAsync(Patience));
        Assert.Matches("^tools: the package lists of .* could not be read; is the network up\\?$", script.Output.All[^1]);
    }
}
