using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Sdk;

/// <summary>
/// The packages of the SDK, as a user gets them: an empty project takes them from a folder, brings the code of the guide and compiles it
/// ahead of time without a warning; and the program does what those of examples/sdk do.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class PackageTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private readonly TempFolder _files = new();

    [Fact]
    public async Task An_empty_project_compiles_the_guides_code_natively_and_ships_every_order_once()
    {
        foreach (var project in (string[])["Darq", "Darq.AspNetCore"])
        {
            string[] options = ["-c", Repository.Configuration, "--no-build", "--nologo", "-v", "q", "-o", _files.PathOf("feed")];
            await RunAsync("pack", [Repository.PathOf("sdk-dotnet", project), .. options]);
        }

        WriteProject();
        await RunAsync(
            "publish",
            [_files.PathOf("app"), "-c", "Release", "-o", _files.PathOf("out"), "--nologo", "-v", "q", "-warnaserror"]
        );

        await StepProgramTests.ShipAsync("http", "darq", _files.PathOf("out/app"));
    }

    public void Dispose() => _files.Dispose();

    private void WriteProject()
    {
        _files.Write(
            "app/app.csproj",
            $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <PublishAot>true</PublishAot>
                <CppCompilerAndLinker>{Environment.GetEnvironmentVariable("DARQ_NATIVE_LINKER")}</CppCompilerAndLinker>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Darq.AspNetCore" Version="*" />
              </ItemGroup>
            </Project>
            """
        );
        _files.Write(
            "app/nuget.config",
            $"""
            <configuration>
              <packageSources><add key="folder" value="{_files.PathOf("feed")}" /></packageSources>
            </configuration>
            """
        );
        _files.Write("app/Program.cs", WithJsonContext(File.ReadAllText(Repository.PathOf("examples", "sdk", "darq", "Program.cs"))));
    }

    /// <summary>The guide's program with the one line that native code needs.</summary>
    private static string WithJsonContext(string program)
    {
        const string Options = "    o.StateStore = \"statestore\";\n";
        Assert.Contains(Options, program, StringComparison.Ordinal);
        return "using System.Text.Json.Serialization;\n"
            + program.Replace(
                Options,
                Options + "    o.JsonSerializerOptions.TypeInfoResolver = AppJson.Default;\n",
                StringComparison.Ordinal
            )
            + """

                [JsonSerializable(typeof(Order))]
                [JsonSerializable(typeof(int))]
                [JsonSerializable(typeof(int?))]
                internal sealed partial class AppJson : JsonSerializerContext;

                """;
    }

    private async Task RunAsync(string command, string[] arguments)
    {
        // Packages of these versions are in no folder that outlives the test; all others are those of the machine.
        Dictionary<string, string?> environment = new()
        {
            ["NUGET_PACKAGES"] = _files.PathOf("packages"),
            ["NUGET_FALLBACK_PACKAGES"] = MachinePackages(),
        };
        await using var run = await ChildProcess.StartAsync(
            "dotnet",
            [command, .. arguments],
            command == "publish" ? environment : null,
            command == "publish" ? _files.PathOf("app") : null
        );
        var code = await run.WaitForExitAsync(Patience);
        Assert.True(code == 0, $"dotnet {command} ended with {code}: {run.Output}");
    }

    private static string MachinePackages() =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}
