using System.Globalization;
using System.Text;
using Darq.Engine.Core;

namespace Darq.Tests.Integration.Engine;

/// <summary>
/// The append-only file of a server that has died, and what a power cut may leave of it. What a function call wrote stands in it between
/// MULTI and EXEC, command after command.
/// </summary>
internal sealed class AppendOnlyFile
{
    private const string FolderName = "appendonlydir";

    private readonly Dictionary<string, byte[]> _others = [];
    private readonly string _name;
    private readonly byte[] _bytes;
    private readonly List<Command> _commands;

    private AppendOnlyFile(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(folder, FolderName)))
        {
            _others[Path.GetFileName(path)] = File.ReadAllBytes(path);
        }

        _name = _others.Keys.Where(name => name.EndsWith(".incr.aof", StringComparison.Ordinal)).MaxBy(NumberOf)!;
        _others.Remove(_name, out _bytes!);
        _commands = Parse(_bytes);
        Calls = [.. CallsOf(_commands)];
    }

    public int Length => _bytes.Length;

    /// <summary>What function calls wrote that are whole in the file, in order.</summary>
    public IReadOnlyList<Call> Calls { get; }

    public static AppendOnlyFile Of(string folder) => new(folder);

    /// <summary>Writes the files as they were, the last one only so far.</summary>
    public void WriteTo(string folder, int length)
    {
        var target = Directory.CreateDirectory(Path.Combine(folder, FolderName)).FullName;
        foreach (var stale in Directory.EnumerateFiles(target))
        {
            File.Delete(stale);
        }

        foreach (var (name, bytes) in _others)
        {
            File.WriteAllBytes(Path.Combine(target, name), bytes);
        }

        File.WriteAllBytes(Path.Combine(target, _name), _bytes[..length]);
    }

    /// <summary>How far each partition has come in a file of this length; what is torn counts for nothing.</summary>
    public Position[] PositionsAt(int length, Darq.Engine.Redis.Keys keys)
    {
        var positions = new Position[keys.Partitions];
        var partitions = Enumerable.Range(0, keys.Partitions).ToDictionary(keys.PartitionHeader);
        var torn = Calls.FirstOrDefault(call => call.Start < length && call.End > length);
        foreach (var command in _commands.TakeWhile(command => command.End <= length && command.Start < (torn?.Start ?? length)))
        {
            if (command.Words[0] is "HSET" && partitions.TryGetValue(command.Words[1], out var partition))
            {
                positions[partition] = After(positions[partition], command.Words);
            }
        }

        return positions;
    }

    private static Position After(Position position, string[] words)
    {
        for (var at = 2; at < words.Length; at += 2)
        {
            position = words[at] switch
            {
                "wl" => position with { WorldLine = long.Parse(words[at + 1], CultureInfo.InvariantCulture) },
                "lsn" => position with { Number = long.Parse(words[at + 1], CultureInfo.InvariantCulture) },
                _ => position,
            };
        }

        return position;
    }

    private static int NumberOf(string name) => int.Parse(name.Split('.')[^3], CultureInfo.InvariantCulture);

    private static IEnumerable<Call> CallsOf(List<Command> commands)
    {
        Command? begin = null;
        List<Command> inside = [];
        foreach (var command in commands)
        {
            if (command.Words[0] == "MULTI")
            {
                (begin, inside) = (command, []);
            }
            else if (command.Words[0] == "EXEC" && begin is not null)
            {
                yield return new(begin.Start, command.End, inside);
                begin = null;
            }
            else
            {
                inside.Add(command);
            }
        }
    }

    private static List<Command> Parse(byte[] bytes)
    {
        List<Command> commands = [];
        var at = 0;
        while (at < bytes.Length)
        {
            var start = at;
            var words = new string[Number(bytes, ref at)];
            for (var i = 0; i < words.Length; i++)
            {
                var length = Number(bytes, ref at);
                words[i] = Encoding.UTF8.GetString(bytes, at, length);
                at += length + 2;
            }

            commands.Add(new(start, at, words));
        }

        return commands;
    }

    /// <summary>The number of a line such as *3 or $12.</summary>
    private static int Number(byte[] bytes, ref int at)
    {
        var end = Array.IndexOf(bytes, (byte)'\r', at);
        var number = int.Parse(Encoding.ASCII.GetString(bytes, at + 1, end - at - 1), CultureInfo.InvariantCulture);
        at = end + 2;
        return number;
    }

    internal sealed record Command(int Start, int End, string[] Words);

    internal sealed record Call(int Start, int End, IReadOnlyList<Command> Commands);
}
