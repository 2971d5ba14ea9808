using System.Globalization;

namespace Darq.Tests.Helm.Cpu;

/// <summary>A control group of this machine that limits the CPU of the processes in it, as the kubelet does for a container.</summary>
internal sealed class CpuLimit : IDisposable
{
    private const int PeriodMicroseconds = 100_000;

    private static readonly string Root = "/sys/fs/cgroup";

    private readonly string _folder;

    private CpuLimit(string folder) => _folder = folder;

    /// <summary>A process joins by writing its id into this file.</summary>
    public string Processes => Path.Combine(_folder, "cgroup.procs");

    /// <summary>Makes the group; where this machine does not let that happen, says why.</summary>
    public static CpuLimit? TryCreate(int millicores, out string why)
    {
        why = "";
        var quota = (millicores * PeriodMicroseconds / 1000).ToString(CultureInfo.InvariantCulture);
        var name = $"darq-{Environment.ProcessId}";
        try
        {
            var isSecond = File.Exists(Path.Combine(Root, "cgroup.controllers"));
            var folder = Path.Combine(Root, isSecond ? "" : "cpu", name);
            Directory.CreateDirectory(folder);
            if (isSecond)
            {
                File.WriteAllText(Path.Combine(folder, "cpu.max"), $"{quota} {PeriodMicroseconds}");
            }
            else
            {
                File.WriteAllText(Path.Combine(folder, "cpu.cfs_period_us"), PeriodMicroseconds.ToString(CultureInfo.InvariantCulture));
                File.WriteAllText(Path.Combine(folder, "cpu.cfs_quota_us"), quota);
            }

            return new(folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            why = $"this user cannot limit CPU by a control group ({fault.Message})";
            return null;
        }
    }

    /// <summary>Its processes must have ended.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder);
        }
        catch (IOException)
        {
            // The kernel may still count a process that has just ended; an empty group does no harm.
        }
    }
}
