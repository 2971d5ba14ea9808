using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.ToolsScript;

/// <summary>Which of a system's apt sources <c>tests/tools/sources.py</c> takes; the systems lie beside this file.</summary>
public sealed class SourcesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Debian_12_image_gives_its_release_with_backports_updates_and_security() =>
        Assert.Equal(
            Signed(
                "debian-archive-keyring.gpg",
                "http://deb.debian.org/debian bookworm main",
                "http://deb.debian.org/debian bookworm-backports main",
                "http://deb.debian.org/debian bookworm-updates main",
                "http://deb.debian.org/debian-security bookworm-security main"
            ),
            await ChosenAsync("debian-12")
        );

    [Fact]
    public async Task Debian_13_image_gives_its_release_with_updates_and_security() =>
        Assert.Equal(
            Signed(
                "debian-archive-keyring.pgp",
                "http://deb.debian.org/debian trixie main",
                "http://deb.debian.org/debian trixie-updates main",
                "http://deb.debian.org/debian-security trixie-security main"
            ),
            await ChosenAsync("debian-13")
        );

    [Fact]
    public async Task Ubuntu_24_04_image_gives_its_release_with_universe_updates_and_security() =>
        Assert.Equal(
            Signed(
                "ubuntu-archive-keyring.gpg",
                "http://archive.ubuntu.com/ubuntu/ noble main universe",
                "http://archive.ubuntu.com/ubuntu/ noble-updates main universe",
                "http://security.ubuntu.com/ubuntu/ noble-security main universe"
            ),
            await ChosenAsync("ubuntu-24.04")
        );

    [Fact]
    public async Task Debian_cloud_image_keeps_its_lists_of_mirrors() =>
        Assert.Equal(
            [
                "deb [arch=amd64 target=Packages] mirror+file:///etc/apt/mirrors/debian.list bookworm main",
                "deb [arch=amd64 target=Packages] mirror+file:///etc/apt/mirrors/debian.list bookworm-backports main",
                "deb [arch=amd64 target=Packages] mirror+file:///etc/apt/mirrors/debian.list bookworm-updates main",
                "deb [arch=amd64 target=Packages] mirror+file:///etc/apt/mirrors/debian-security.list bookworm-security main",
            ],
            await ChosenAsync("debian-12-cloud")
        );

    /// <summary>With an old-style sources.list, a CD, sources of another release, and files of nine third parties.</summary>
    [Fact]
    public async Task Installed_Debian_12_leaves_out_third_parties_discs_and_other_releases()
    {
        var chosen = await ChosenAsync("debian-12-installed");

        Assert.Equal(
            [
                "deb [arch=amd64 target=Packages] http://ftp.de.debian.org/debian/ bookworm main",
                "deb [arch=amd64 target=Packages] http://ftp.de.debian.org/debian/ bookworm-backports main",
                "deb [arch=amd64 target=Packages] http://security.debian.org/debian-security bookworm-security main",
                .. Signed("debian-archive-keyring.gpg", "http://ftp.de.debian.org/debian/ bookworm-updates main"),
            ],
            chosen
        );
    }

    /// <summary>With several URIs in a stanza, comments inside one, a stanza that is off, another architecture, and PPAs.</summary>
    [Fact]
    public async Task Ubuntu_desktop_leaves_out_PPAs_and_stanzas_that_are_off() =>
        Assert.Equal(
            Signed(
                "ubuntu-archive-keyring.gpg",
                "http://de.archive.ubuntu.com/ubuntu/ noble main universe",
                "http://de.archive.ubuntu.com/ubuntu/ noble-updates main universe",
                "http://archive.ubuntu.com/ubuntu/ noble main universe",
                "http://archive.ubuntu.com/ubuntu/ noble-updates main universe",
                "http://security.ubuntu.com/ubuntu/ noble-security main universe"
            ),
            await ChosenAsync("ubuntu-24.04-desktop")
        );

    [Fact]
    public async Task Second_architecture_takes_its_own_mirror()
    {
        var chosen = await ChosenAsync("ubuntu-24.04-desktop", "arm64");

        Assert.All(chosen, line => Assert.StartsWith("deb [arch=arm64 ", line, StringComparison.Ordinal));
        Assert.Contains(chosen, line => line.Contains("] http://ports.ubuntu.com/ubuntu-ports/ noble main ", StringComparison.Ordinal));
        Assert.DoesNotContain(chosen, line => line.Contains("archive.ubuntu.com", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("deb http://deb.debian.org/debian bookworm main", "")]
    [InlineData("  deb\thttp://deb.debian.org/debian\tbookworm\tcontrib main # the release", "")]
    [InlineData("deb [arch=amd64,arm64] http://deb.debian.org/debian bookworm main", "")]
    [InlineData("deb [ arch-=i386 check-valid-until=no ] http://deb.debian.org/debian bookworm main", " check-valid-until=no")]
    [InlineData("deb [trusted=yes lang=none] http://deb.debian.org/debian bookworm main", " trusted=yes")]
    public async Task Line_of_a_sources_list_keeps_what_makes_it_trusted(string line, string options) =>
        Assert.Equal($"deb [arch=amd64 target=Packages{options}] http://deb.debian.org/debian bookworm main", await FirstOfAsync(line, 0));

    [Theory]
    [InlineData("#deb http://deb.debian.org/debian bookworm main")]
    [InlineData("deb http://deb.debian.org/debian bookworm contrib # main")]
    [InlineData("deb [arch=i386] http://deb.debian.org/debian bookworm main")]
    [InlineData("deb-src http://deb.debian.org/debian bookworm main")]
    [InlineData("deb http://deb.debian.org/debian trixie main")]
    [InlineData("deb http://apt.example.org/debian ./")]
    [InlineData("")]
    public async Task System_without_a_mirror_of_its_release_is_told_so(string line) =>
        Assert.Equal("apt's sources name no mirror of debian bookworm; add it to /etc/apt/sources.list", await FirstOfAsync(line, 1));

    [Fact]
    public async Task Other_systems_are_told_what_is_needed()
    {
        using var system = new TempFolder();
        system.Write("etc/os-release", "ID=alpine\nPRETTY_NAME=\"Alpine Linux v3.22\"\n");

        Assert.Equal(["Alpine Linux v3.22 is neither a release of Debian nor of Ubuntu"], await OutputAsync(system.FullPath, "amd64", 1));
    }

    private static string[] Signed(string keys, params string[] sources) =>
        [.. sources.Select(source => $"deb [arch=amd64 target=Packages signed-by=/usr/share/keyrings/{keys}] {source}")];

    private static Task<string[]> ChosenAsync(string system, string architecture = "amd64") =>
        OutputAsync(Repository.PathOf("tests", "unit", "ToolsScript", "Systems", system), architecture, 0);

    private static async Task<string> FirstOfAsync(string line, int exitCode)
    {
        using var system = new TempFolder();
        system.Write("usr/lib/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n");
        system.Write("etc/apt/sources.list", line + "\n");
        return (await OutputAsync(system.FullPath, "amd64", exitCode))[0];
    }

    private static async Task<string[]> OutputAsync(string root, string architecture, int exitCode)
    {
        await using var script = await ChildProcess.StartAsync(
            Repository.PathOf("tests", "tools", "sources.py"),
            ["--root", root, "--arch", architecture]
        );
        Assert.Equal(exitCode, await script.WaitForExitAsync(Patience));
        return [.. script.Output.All];
    }
}
