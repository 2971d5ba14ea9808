using System.Globalization;

namespace Darq.Component.Instances;

/// <summary>The folder <c>/proc</c>: which processes live, and when they started.</summary>
internal sealed class ProcessFolder(string path)
{
    // The state is the third field of a stat file, and the first after the name, which may have any character.
    private const int State = 0;
    private const int StartTicks = 22 - 3;

    /// <summary>The process that has this id now; a hidden one where none lives, or the system does not show it.</summary>
    public SidecarProcess Find(int id)
    {
        try
        {
            return id > 0 ? Read(id) : default;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    /// <summary>Whether it has not ended, as far as the system shows.</summary>
    public bool Lives(SidecarProcess process)
    {
        try
        {
            return Read(process.Id) == process;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Directory.Exists(FolderOf(process.Id));
        }
    }

    private SidecarProcess Read(int id)
    {
        var text = File.ReadAllText(Path.Combine(FolderOf(id), "stat"));
        var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // A zombie has ended; only its parent has not asked how.
        return fields[State] is not ("Z" or "X") ? new(id, long.Parse(fields[StartTicks], CultureInfo.InvariantCulture)) : default;
    }

    private string FolderOf(int id) => Path.Combine(path, id.ToString(CultureInfo.InvariantCulture));
}
