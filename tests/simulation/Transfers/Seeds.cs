namespace Darq.Tests.Simulation.Transfers;

/// <summary>Runs seeds on all cores until one fails.</summary>
internal static class Seeds
{
    /// <summary>What broke first, or null; <paramref name="judge"/> answers null for a seed where all promises hold.</summary>
    public static string? FirstFailure(int first, int last, Func<int, string?> judge) =>
        FirstFailure([.. Enumerable.Range(first, last - first + 1)], judge);

    public static string? FirstFailure(int[] seeds, Func<int, string?> judge)
    {
        var (next, failure) = (-1, (string?)null);
        var threads = Enumerable
            .Range(0, Environment.ProcessorCount)
            .Select(_ => new Thread(() =>
            {
                while (Volatile.Read(ref failure) is null && Interlocked.Increment(ref next) is var mine && mine < seeds.Length)
                {
                    if (Why(seeds[mine]) is { } why)
                    {
                        Interlocked.CompareExchange(ref failure, $"Seed {seeds[mine]}: {why}", null);
                    }
                }
            }))
            .ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        return failure;

        // On a thread of its own an exception would end all tests, without a word on the seed.
        string? Why(int seed)
        {
            try
            {
                return judge(seed);
            }
            catch (Exception fault)
            {
                return fault.ToString();
            }
        }
    }

    /// <summary>A seed of the usual storm; the time to finish in afterwards is short, for runs that are expected not to.</summary>
    public static string? Judge(int seed) => Judge(new Scenario(seed) { Calm = TimeSpan.FromMinutes(1) }, _ => { });

    public static string? Judge(Scenario scenario, Action<string> tell)
    {
        using var simulation = new Simulation(scenario);
        try
        {
            var verdict = simulation.Run();
            tell($"{string.Join('\n', simulation.Story)}\n{verdict}");
            return verdict.Violations.Count == 0 && simulation.Bank.Finished ? null : verdict.ToString();
        }
        catch (Exception fault) when (fault is InvalidOperationException or TimeoutException)
        {
            tell(string.Join('\n', simulation.Story));
            return fault.ToString();
        }
    }
}
