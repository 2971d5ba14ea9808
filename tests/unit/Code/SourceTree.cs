using Darq.Tests.Shared;

namespace Darq.Tests.Unit.Code;

/// <summary>A file of the project: its path from the root, and its text.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    public string Extension => System.IO.Path.GetExtension(Path);

    public string Name => System.IO.Path.GetFileName(Path);

    public string[] Lines => Text.TrimEnd('\n').Split('\n');
}

/// <summary>The project's own files, without what is built, unpacked or downloaded (the same list as in .gitignore).</summary>
internal static class SourceTree
{
    private static readonly HashSet<string> Foreign =
    [
        ".git",
        "bin",
        "obj",
        ".tools",
        ".dapr",
        ".vs",
        ".idea",
        "node_modules",
        "__pycache__",
        "TestResults",
    ];

    private static readonly Lazy<SourceFile[]> Read = new(() => [.. Walk(new DirectoryInfo(Repository.Root))]);

    public static IReadOnlyList<SourceFile> Files => Read.Value;

    public static IEnumerable<SourceFile> With(params string[] extensions) => Files.Where(file => extensions.Contains(file.Extension));

    public static IEnumerable<SourceFile> Component(string extension) =>
        With(extension).Where(file => file.Path.StartsWith("component/", StringComparison.Ordinal));

    public static SourceFile File(string path) => Files.Single(file => file.Path == path);

    private static IEnumerable<SourceFile> Walk(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles())
        {
            // In a work tree of its own, .git is a file.
            if (file.Name == ".git" || file.Name.EndsWith(".user", StringComparison.Ordinal))
            {
                continue;
            }

            yield return new(Path.GetRelativePath(Repository.Root, file.FullName), System.IO.File.ReadAllText(file.FullName));
        }
        foreach (var below in folder.EnumerateDirectories().Where(below => !Foreign.Contains(below.Name)))
        {
            foreach (var file in Walk(below))
            {
                yield return file;
            }
        }
    }
}
