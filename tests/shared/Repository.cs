namespace Darq.Tests.Shared;

/// <summary>
/// Finds files of the repository from a running test: the root is the folder above the test assembly that holds the solution,
/// and built binaries are taken from the configuration in which the test assembly itself was built.
/// </summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Configuration { get; } =
        AppContext.BaseDirectory.Contains("/bin/Debug/", StringComparison.Ordinal) ? "Debug" : "Release";

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The component: DARQ_COMPONENT, which may name its released form, else what the build made.</summary>
    public static string Component =>
        Environment.GetEnvironmentVariable("DARQ_COMPONENT") is { Length: > 0 } path
            ? PathOf(path)
            : Binary("component/Darq.Component", "darq");

    /// <summary>The built binary of a project folder, such as <c>component/Darq.Component</c> and <c>darq</c>.</summary>
    public static string Binary(string project, string name)
    {
        var path = PathOf(project, "bin", Configuration, "net10.0", name);
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException($"{path} is not built. Run: dotnet build -c {Configuration} {project}");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "dapr-darq.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException($"No dapr-darq.sln above {AppContext.BaseDirectory}.");
    }
}
