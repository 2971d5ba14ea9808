using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Darq.Component.Configuration;
using Darq.Component.Host;

namespace Darq.Component.Instances;

/// <summary>
/// The folder <c>.darq</c> beside the socket: one file per socket, service and instance with the properties of its Init. A sidecar
/// does not repeat Init after a restart of the component; these files let its calls go on all the same.
/// </summary>
internal sealed class InitFolder(SocketOptions socket)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string Extension = ".json";
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
            Replace(PathOf(record.Service, record.Instance), record);
        }
    }

    /// <summary>
    /// The record of an instance, or null where none is kept. A file that does not parse throws <see cref="JsonException"/>.
    /// </summary>
    public InitRecord? Find(ComponentService service, string instance)
    {
        var path = PathOf(service, instance);
        return File.Exists(path) ? Read(path) : null;
    }

    /// <summary>Every record of this socket that can be read; broken files show up when their instance is called.</summary>
    public IReadOnlyList<InitRecord> All()
    {
        if (!Directory.Exists(FullPath))
        {
            return [];
        }

        List<InitRecord> records = [];
        foreach (var path in Directory.EnumerateFiles(FullPath, socket.Name + ".*" + Extension).Order(StringComparer.Ordinal))
        {
            try
            {
                if (Read(path) is { } record && path == PathOf(record.Service, record.Instance))
                {
                    records.Add(record);
                }
            }
            catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
            {
                continue;
            }
        }

        return records;
    }

    public string PathOf(ComponentService service, string instance)
    {
        var name = Uri.EscapeDataString(instance);
        if (name.Length > MaxInstanceLength)
        {
            name = name[..MaxInstanceLength] + "-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(instance)))[..16];
        }

        return Path.Combine(FullPath, $"{socket.Name}.{service}.{name}{Extension}");
    }

    private static void Replace(string path, InitRecord record)
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
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }

    private static InitRecord? Read(string path)
    {
        using var stream = File.OpenRead(path);
        var record = JsonSerializer.Deserialize(stream, InitRecordJson.Default.InitRecord);
        return record is { Format: InitRecord.CurrentFormat, Properties: not null, Withheld: not null }
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
