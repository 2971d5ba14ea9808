namespace Darq.Benchmarks.Papers;

/// <summary>What the command line asks of the speculation rows.</summary>
internal sealed record PapersOptions
{
    /// <summary>Fewer and shorter rounds: says whether it works, and roughly where it stands.</summary>
    public bool Quick { get; init; }

    /// <summary>Writes the results page that is committed with the project.</summary>
    public bool Record { get; init; }

    public string? JsonFile { get; init; }

    public IReadOnlyList<int> FlushesMs { get; init; } = [0, 1, 5, 10];

    /// <summary>How many chains go before those that count.</summary>
    public int WarmUp { get; init; } = 1000;

    public int Pairs { get; init; } = 5;

    /// <summary>How many chains one after the other make a round.</summary>
    public int Chains { get; init; } = 20;

    /// <summary>How many chains make a round of many at once.</summary>
    public int Many { get; init; } = 500;

    /// <summary>Reads the arguments; null with what is wrong about them.</summary>
    public static PapersOptions? Read(IReadOnlyList<string> arguments, out string? fault)
    {
        var options = new PapersOptions();
        fault = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    options = options with { Quick = true, FlushesMs = [0, 5], WarmUp = 100, Pairs = 1, Chains = 5, Many = 100 };
                    break;
                case "--record":
                    options = options with { Record = true };
                    break;
                case "--json" when i + 1 < arguments.Count:
                    options = options with { JsonFile = arguments[++i] };
                    break;
                default:
                    fault = $"'{arguments[i]}' is not understood; accepted after papers: --quick, --json FILE, --record";
                    return null;
            }
        }

        return options;
    }
}
