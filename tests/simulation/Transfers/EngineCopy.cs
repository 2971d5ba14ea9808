using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using Darq.Engine.Redis;
using Darq.Tests.Shared;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// A copy of the engine's folder outside of the repository, to which a patch is applied. Where only Lua
/// has changed, the function library of this process is altered; where anything else has, the copy is built, and the
/// simulator is loaded a second time, on top of the engine that came out.
/// </summary>
internal sealed class EngineCopy : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string[] BuildFiles =
    [
        "Directory.Build.props",
        "Directory.Packages.props",
        "BannedSymbols.txt",
        "global.json",
        ".editorconfig",
    ];

    private readonly TempFolder _folder = new();
    private int _builds;

    public EngineCopy()
    {
        foreach (var file in BuildFiles)
        {
            File.Copy(Repository.PathOf(file), PathOf(file));
        }
        // What was restored and generated comes along, so that nothing is fetched and little is built.
        foreach (
            var file in Directory
                .EnumerateFiles(Original, "*", SearchOption.AllDirectories)
                .Where(file => !file.StartsWith(Path.Combine(Original, "bin"), StringComparison.Ordinal))
        )
        {
            var copy = Path.Combine(Folder, Path.GetRelativePath(Original, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private static string Original => Repository.PathOf("component", "Darq.Engine");

    private string Folder => PathOf("Darq.Engine");

    /// <summary>Judges a seed with the copy as it is now.</summary>
    public async Task<Func<int, string?>> JudgeAsync(bool isBuilt)
    {
        if (isBuilt)
        {
            return await JudgeAsync(typeof(Seeds));
        }

        var code = Code();
        return seed => Seeds.Judge(new Scenario(seed) { Library = _ => code, Calm = TimeSpan.FromMinutes(1) }, _ => { });
    }

    /// <summary>Judges a seed by the <c>Judge</c> of a type, with the copy as it is now, which is built.</summary>
    public async Task<Func<int, string?>> JudgeAsync(Type judge) => Load(await BuildAsync(), judge);

    public Task ApplyAsync(string patch) => GitAsync("apply", patch);

    public void Dispose() => _folder.Dispose();

    private string PathOf(params string[] parts) => Path.Combine([_folder.FullPath, .. parts]);

    private async Task GitAsync(params string[] arguments)
    {
        // Inside a repository, git would take the paths for its own.
        var environment = new Dictionary<string, string?> { ["GIT_CEILING_DIRECTORIES"] = _folder.FullPath };
        await using var git = await ChildProcess.StartAsync("git", arguments, environment, Folder);
        if (await git.WaitForExitAsync(Patience) != 0)
        {
            throw new InvalidOperationException(
                $"{Path.GetFileName(arguments[^1])} fits the engine no longer. Make it anew, in tests/simulation/mutants, from "
                    + $"an engine that is broken in the same way.\n{git.Output}"
            );
        }
    }

    /// <summary>The function library with the Lua files of the copy.</summary>
    private string Code() =>
        Directory
            .EnumerateFiles(Folder, "*.lua", SearchOption.AllDirectories)
            .Aggregate(
                FunctionLibrary.Code,
                (code, file) =>
                {
                    var original = File.ReadAllText(Path.Combine(Original, Path.GetRelativePath(Folder, file)));
                    return code.Contains(original, StringComparison.Ordinal)
                        ? code.Replace(original, File.ReadAllText(file), StringComparison.Ordinal)
                        : throw new InvalidOperationException($"{file} is not what was built; build the engine again.");
                }
            );

    private async Task<string> BuildAsync()
    {
        // One that is loaded must not be written over by the next build.
        var built = PathOf((++_builds).ToString(CultureInfo.InvariantCulture), "Darq.Engine.dll");
        Directory.CreateDirectory(Path.GetDirectoryName(built)!);
        await EngineCompiler.CompileAsync(Folder, built);
        return built;
    }

    private static Func<int, string?> Load(string engine, Type judge) =>
        new Second(engine)
            .LoadFromAssemblyName(judge.Assembly.GetName())
            .GetType(judge.FullName!)!
            .GetMethod("Judge", [typeof(int)])!
            .CreateDelegate<Func<int, string?>>();

    /// <summary>The simulator once more, around another engine; what neither changes is shared.</summary>
    private sealed class Second(string engine) : AssemblyLoadContext
    {
        protected override Assembly? Load(AssemblyName name) =>
            name.Name switch
            {
                "Darq.Engine" => LoadFromAssemblyPath(engine),
                "darq" or "Darq.Testing" or "Darq.Tests.Simulation" or "Darq.Tests.Shared" => LoadFromAssemblyPath(
                    Path.Combine(AppContext.BaseDirectory, name.Name + ".dll")
                ),
                _ => null,
            };
    }
}
