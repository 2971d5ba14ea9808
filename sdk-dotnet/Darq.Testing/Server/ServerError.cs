namespace Darq.Testing.Server;

/// <summary>The commands that an error may meet.</summary>
[Flags]
internal enum Refused
{
    None = 0,

    /// <summary>Function calls that may need more memory: without allow-oom and no-writes.</summary>
    Growth = 1,

    /// <summary>Function calls that may write.</summary>
    Writes = 2,

    /// <summary>Function calls of all kinds.</summary>
    Calls = 4,

    /// <summary>Reads of streams.</summary>
    Reads = 8,

    /// <summary>Subscribing to channels.</summary>
    Subscriptions = 16,

    /// <summary>INFO.</summary>
    Descriptions = 32,

    Commands = Calls | Reads,
}

/// <summary>An error that the primary answers with as long as it holds, in place of executing what it refuses.</summary>
/// <param name="Text">The error.</param>
/// <param name="What">Which commands it meets.</param>
/// <param name="Share">It meets one in so many of them.</param>
internal sealed record ServerError(string Text, Refused What, int Share = 1)
{
    public static readonly ServerError OutOfMemory = new("OOM command not allowed when used memory > 'maxmemory'.", Refused.Growth);

    public static readonly ServerError DiskError = new(
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        Refused.Writes
    );

    public static readonly ServerError ReadOnly = new("READONLY You can't write against a read only replica.", Refused.Writes);

    public static readonly ServerError Loading = new("LOADING Redis is loading the dataset in memory", Refused.Commands);

    public static readonly ServerError Busy = new(
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        Refused.Commands | Refused.Subscriptions | Refused.Descriptions,
        Share: 2
    );

    public static readonly ServerError NoPermissionToCall = new(
        "NOPERM this user has no permissions to run the 'fcall' command",
        Refused.Calls
    );

    public static readonly ServerError NoPermissionToRead = new(
        "NOPERM this user has no permissions to run the 'xrange' command",
        Refused.Reads
    );

    public static readonly ServerError NoPermission = new(
        "NOPERM this user has no permissions to run this command",
        Refused.Commands | Refused.Subscriptions | Refused.Descriptions
    );

    /// <summary>The code that the error begins with.</summary>
    public string Code => Text.Split(' ')[0];

    public static IReadOnlyList<ServerError> All { get; } =
    [OutOfMemory, DiskError, ReadOnly, Loading, Busy, NoPermissionToCall, NoPermissionToRead, NoPermission];
}
