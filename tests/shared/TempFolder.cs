namespace Darq.Tests.Shared;

/// <summary>
/// A folder that is gone when the test ends. Its path is kept short, because a Unix socket's path must fit into 108 bytes.
/// </summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => FullPath = Directory.CreateTempSubdirectory("darq-").FullName;

    public string FullPath { get; }

    public string PathOf(string name) => Path.Combine(FullPath, name);

    public string Write(string name, string content)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(FullPath, recursive: true);
        }
        catch (IOException)
        {
            // A process that is being killed may still create a file; what is left lies in the system's temp folder.
        }
    }

    public override string ToString() => FullPath;
}
