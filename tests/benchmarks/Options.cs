namespace Darq.Benchmarks;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    /// <summary>Shorter rounds and fewer of them: says whether it works, and roughly where it stands.</summary>
    public bool Quick { get; init; }

    public string? Only { get; init; }

    public string? JsonFile { get; init; }

    /// <summary>Writes the results page that is committed with the project; only of a run of everything.</summary>
    public bool Record { get; init; }

    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan Round { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How many seconds more a component may warm up whose runtime is still compiling.</summary>
    public int MostProbes { get; init; } = 10;

    public int Pairs { get; init; } = 5;

    /// <summary>Reads the arguments; null with what is wrong about them.</summary>
    public static Options? Read(IReadOnlyList<string> arguments, IReadOnlyCollection<string> scenarios, out string? fault)
    {
        var options = new Options();
        fault = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    var second = TimeSpan.FromSeconds(1);
                    options = options with { Quick = true, WarmUp = second, Round = second, MostProbes = 0, Pairs = 3 };
                    break;
                case "--record":
                    options = options with { Record = true };
                    break;
                case "--only" when i + 1 < arguments.Count && scenarios.Contains(arguments[i + 1]):
                    options = options with { Only = arguments[++i] };
                    break;
                case "--only":
                    fault = $"--only takes one of: {string.Join(", ", scenarios)}";
                    return null;
                case "--json" when i + 1 < arguments.Count:
                    options = options with { JsonFile = arguments[++i] };
                    break;
                default:
                    fault = $"'{arguments[i]}' is not understood; accepted: --quick, --only NAME, --json FILE, --record";
                    return null;
            }
        }

        if (options is { Record: true, Only: not null })
        {
            fault = "--record is for a run of everything, without --only";
        }

        return fault is null ? options : null;
    }
}
