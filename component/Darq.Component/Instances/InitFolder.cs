using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Darq.Component.Host;

namespace Darq.Component.Instances;

/// <summary>
/// The folder <c>.darq</c> beside the socket: one file per socket, service, instance and sidecar with the properties of its Init. A
/// sidecar does not repeat Init after a restart of the component; these files let its calls go on all the same.
/// </summary>
internal sealed class InitFolder(SocketOptions socket)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string Extension = ".json";
    private const string HiddenMark = ".0-";
    private const int MaxInstanceLength = 120;

    // Two Inits of one instance at once would write the same draft file.
    private readonly Lock _saving = new();

    public string FullPath { get; } = Path.Combine(socket.Folder, ".darq");

    /// <summary>Writes the record so that a reader, also one after a crash, finds the old file or the new one and never a part.</summary>
    public void Save(InitRecord record)
    {
        lock (_saving)
        {
            CreateFolder();
            Replace(PathOf(record), record, isUrgent: true);
        }
    }

    /// <summary>
    /// Writes a record anew that is still kept. It is not flushed: a power loss may take what changed; a crash of the process may not.
    /// </summary>
    public void Update(InitRecord record)
    {
        lock (_saving)
        {
            if (File.Exists(PathOf(record)))
            {
                Replace(PathOf(record), record, isUrgent: false);
            }
        }
    }

    /// <summary>
    /// The record of a process's instance, or null where none is kept. A file that does not parse throws <see cref="JsonException"/>.
    /// </summary>
    public InitRecord? Find(SidecarProcess process, InstanceKey key)
    {
        var path = PathOf(process, key, process.StartTicks);
        return File.Exists(path) ? Read(path) : null;
    }

    /// <summary>The records of an instance that hidden processes made; as <see cref="Find"/>.</summary>
    public IReadOnlyList<InitRecord> FindHidden(InstanceKey key) =>
        [.. Paths(NameOf(key) + HiddenMark).Select(Read).Where(record => record.Key == key && record.Process.IsHidden)];

    /// <summary>Every record of this socket that can be read; broken files show up when their instance is called.</summary>
    public IReadOnlyList<InitRecord> All()
    {
        List<InitRecord> records = [];
        foreach (var path in Paths(socket.Name + "."))
        {
            if (TryRead(path) is { Format: InitRecord.CurrentFormat } record && path == PathOf(record))
            {
                records.Add(record);
            }
        }

        return records;
    }

    /// <summary>Removes a record. Safe to repeat.</summary>
    public void Remove(InitRecord record) => File.Delete(PathOf(record));

    /// <summary>Removes the records of a process.</summary>
    public void RemoveAll(SidecarProcess process)
    {
        foreach (
            var path in Paths(socket.Name + ".").Where(path => path.EndsWith(EndOf(process, process.StartTicks), StringComparison.Ordinal))
        )
        {
            File.Delete(path);
        }
    }

    /// <summary>Removes the records of an instance that hidden processes made, but for these.</summary>
    public void RetainHidden(InstanceKey key, IReadOnlyList<InitRecord> retained)
    {
        foreach (var path in Paths(NameOf(key) + HiddenMark).Except(retained.Select(PathOf)))
        {
            if (TryRead(path)?.Key == key)
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Removes records of format 1, which do not say whose they are; returns what was in them.</summary>
    public IReadOnlyList<InitRecord> RemoveOlderFormat()
    {
        List<InitRecord> removed = [];
        foreach (var path in Paths(socket.Name + "."))
        {
            if (TryRead(path) is { Format: 1 } record && path == Path.Combine(FullPath, NameOf(record.Key) + Extension))
            {
                File.Delete(path);
                removed.Add(record);
            }
        }

        return removed;
    }

    public string PathOf(InitRecord record) =>
        PathOf(record.Process, record.Key, record.Process.IsHidden ? record.At : record.Process.StartTicks);

    private string PathOf(SidecarProcess process, InstanceKey key, long number) =>
        Path.Combine(FullPath, NameOf(key) + EndOf(process, number));

    private static string EndOf(SidecarProcess process, long number) => $".{process.Id}-{number}{Extension}";

    private string NameOf(InstanceKey key)
    {
        var name = Uri.EscapeDataString(key.Name);
        if (name.Length > MaxInstanceLength)
        {
            name = name[..MaxInstanceLength] + "-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key.Name)))[..16];
        }

        return $"{socket.Name}.{key.Service}.{name}";
    }

    private string[] Paths(string prefix) =>
        Directory.Exists(FullPath)
            ?
            [
                .. Directory
                    .EnumerateFiles(FullPath, "*" + Extension)
                    .Where(path => Path.GetFileName(path).StartsWith(prefix, StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    private static void Replace(string path, InitRecord record, bool isUrgent)
    {
        var draft = path + ".new";
        File.Delete(draft);
        // Created with its mode: there is no moment at which another user could open it.
        using (
            var stream = new FileStream(
                draft,
                new FileStreamOptions
                {
                    Mode = System.IO.FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = FileMode,
                }
            )
        )
        {
            JsonSerializer.Serialize(stream, record, InitRecordJson.Default.InitRecord);
            stream.Flush(flushToDisk: isUrgent);
        }

        File.Move(draft, path, overwrite: true);
    }

    private static InitRecord Read(string path) =>
        Parse(path) is { Format: InitRecord.CurrentFormat } record ? record : throw new JsonException($"{path} is of another format");

    private static InitRecord? TryRead(string path)
    {
        try
        {
            return Parse(path);
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Also of another format.</summary>
    private static InitRecord Parse(string path)
    {
        using var stream = File.OpenRead(path);
        return JsonSerializer.Deserialize(stream, InitRecordJson.Default.InitRecord) is { Properties: not null, Withheld: not null } record
            ? record
            : throw new JsonException($"{path} is of another format");
    }

    private void CreateFolder()
    {
        var folder = new DirectoryInfo(FullPath);
        if (folder.LinkTarget is not null)
        {
            throw new IOException($"{FullPath} is a symbolic link; remove it.");
        }

        if (!folder.Exists)
        {
            Directory.CreateDirectory(FullPath, FolderMode);
        }
        else if (folder.UnixFileMode != FolderMode)
        {
            File.SetUnixFileMode(FullPath, FolderMode);
        }
    }
}
