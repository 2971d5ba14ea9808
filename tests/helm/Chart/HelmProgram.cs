using System.Diagnostics;
using System.Runtime.InteropServices;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm.Chart;

/// <summary>What helm wrote, and how it ended.</summary>
internal sealed record HelmRun(int ExitCode, string Output, string Errors);

/// <summary>
/// The real helm, of the npm package that <c>tests/tools.sh</c> installs beside this project. It needs no cluster for what is run here.
/// </summary>
internal static class HelmProgram
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private static string Binary => Repository.PathOf("tests", "helm", "node_modules", ".bin", "helm");

    public static async Task<HelmRun> RunAsync(params string[] arguments)
    {
        Assert.SkipUnless(RuntimeInformation.OSArchitecture == Architecture.X64, "the npm package of helm has a binary for x86-64 alone");
        Assert.True(File.Exists(Binary), $"{Binary} is missing. Run: tests/tools.sh node");
        using var home = new TempFolder();
        var info = new ProcessStartInfo(Binary, arguments)
        {
            WorkingDirectory = Repository.Root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Neither what a user has set up nor a cluster of theirs is touched.
        foreach (var (name, folder) in new[] { ("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data") })
        {
            info.Environment[name] = home.PathOf(folder);
        }

        info.Environment["KUBECONFIG"] = home.PathOf("none");
        using var process = Process.Start(info)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(Timeout);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            process.Kill();
        }

        return new(process.ExitCode, await output, await errors);
    }
}
