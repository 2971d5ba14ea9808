using Darq.Analyzers;
using Darq.Tests.Analyzers.Compiling;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Analyzers;

/// <summary>The compiler of the SDK with the two assemblies as a package holds them: side by side in one folder, nothing else.</summary>
[Trait("Lane", "Slow")]
public sealed class CompilerTests
{
    private const string Handler = """
        using Darq;

        sealed class Orders : IStepHandler<string>
        {
            public Task HandleAsync(string message, Step step)
            {
                _ = step.State.Load(message);
                return Task.CompletedTask;
            }
        }
        """;

    [Fact]
    public async Task The_compiler_loads_the_analyzers_and_reports_what_they_find()
    {
        using var folder = new TempFolder();
        var analyzers = Directory.CreateDirectory(folder.PathOf("analyzers")).FullName;
        foreach (var type in new[] { typeof(Rules), typeof(DaprCallFix) })
        {
            File.Copy(type.Assembly.Location, Path.Combine(analyzers, Path.GetFileName(type.Assembly.Location)));
        }

        folder.Write("Sdk.cs", Sdk.Core);
        folder.Write("Orders.cs", Handler);
        var project = folder.Write(
            "Orders.csproj",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <Analyzer Include="analyzers/*.dll" />
              </ItemGroup>
            </Project>
            """
        );

        await using var build = await ChildProcess.StartAsync(
            "dotnet",
            ["build", project, "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false"],
            folder: folder.FullPath
        );
        var code = await build.WaitForExitAsync(TimeSpan.FromMinutes(4));

        var output = build.Output.ToString();
        Assert.True(code == 0, output);
        Assert.Contains("Orders.cs(7,13): warning DARQ003: 'Load' is not awaited", output, StringComparison.Ordinal);
        // The compiler says CS8032 of an analyzer that it cannot make and CS9057 of one that is too new for it.
        Assert.DoesNotContain("CS8032", output, StringComparison.Ordinal);
        Assert.DoesNotContain("CS9057", output, StringComparison.Ordinal);
    }
}
