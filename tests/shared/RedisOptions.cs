namespace Darq.Tests.Shared;

internal enum RedisProgram
{
    Redis,
    Valkey,
}

/// <summary>How a test wants its Redis; the defaults are those recommended to users: an append-only file, flushed every second.</summary>
internal sealed record RedisOptions
{
    public RedisProgram Program { get; init; }

    public bool AppendOnly { get; init; } = true;

    public string AppendFsync { get; init; } = "everysec";

    public string MaxMemoryPolicy { get; init; } = "noeviction";

    public string? Password { get; init; }

    /// <summary>The content of an ACL file; the fixture itself needs no user, its pings only ask whether somebody answers.</summary>
    public string? Acl { get; init; }

    /// <summary>Whether it is a node of a cluster; it has no slots until the test assigns them.</summary>
    public bool Cluster { get; init; }

    public IReadOnlyList<string> ExtraLines { get; init; } = [];

    public string ConfigFile(int port, TempFolder folder)
    {
        List<string> lines =
        [
            $"port {port}",
            "bind 127.0.0.1",
            $"dir {folder}",
            "daemonize no",
            "save \"\"",
            $"appendonly {(AppendOnly ? "yes" : "no")}",
            $"appendfsync {AppendFsync}",
            $"maxmemory-policy {MaxMemoryPolicy}",
            "enable-debug-command local",
        ];
        if (Password is not null)
        {
            lines.Add($"requirepass {Password}");
        }

        if (Acl is not null)
        {
            lines.Add($"aclfile {folder.Write("users.acl", Acl)}");
        }

        if (Cluster)
        {
            lines.AddRange(["cluster-enabled yes", $"cluster-port {FreePort.Next()}"]);
        }

        lines.AddRange(ExtraLines);
        return string.Join('\n', lines) + "\n";
    }
}
