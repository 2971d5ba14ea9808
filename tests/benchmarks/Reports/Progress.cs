namespace Darq.Benchmarks.Reports;

/// <summary>Says how far the run is: a bar that is drawn anew at a terminal, else one plain line per scenario.</summary>
internal sealed class Progress(int rounds)
{
    private const int Width = 30;

    private readonly bool _draws = !Console.IsOutputRedirected;
    private int _done;

    /// <summary>What is being measured.</summary>
    public string Scenario { get; private set; } = "";

    public void Begin(string scenario)
    {
        Scenario = scenario;
        if (_draws)
        {
            Draw();
        }
        else
        {
            Console.WriteLine($"bench.sh: {scenario}");
        }
    }

    public void RoundEnded()
    {
        _done++;
        if (_draws)
        {
            Draw();
        }
    }

    /// <summary>Takes the bar away, so that something else can be printed.</summary>
    public void Clear()
    {
        if (_draws)
        {
            Console.Write("\r\u001b[K");
        }
    }

    private void Draw()
    {
        var filled = Math.Min(Width, _done * Width / Math.Max(1, rounds));
        Console.Write($"\r\u001b[K[{new string('#', filled)}{new string('-', Width - filled)}] {_done}/{rounds} rounds  {Scenario}");
    }
}
