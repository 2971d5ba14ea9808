using Darq.Redis;
using Xunit;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>A simulator that finds nothing proves nothing: function libraries broken on purpose must be found out.</summary>
public sealed class MutantTests
{
    private const int MaxSeeds = 40;

    private static readonly Dictionary<string, (string Line, string Replacement)[]> Mutants = new()
    {
        ["message ids are forgotten"] = [("if found then", "if false then")],
        ["a batch sent again is executed again"] = [("if number == last then return session[2] end", "if number == last then last = last - 1 end")],
        ["results of steps are not looked up"] = [("if known then return 'DUPLICATE ' .. known end", "")],
        ["a consumed message can be stepped again"] =
        [
            ("if known then return 'DUPLICATE ' .. known end", ""),
            ("if not lanes.pending(lane, tonumber(args[at + 5])) then return nil, 'STALE ' .. i end", ""),
        ],
        ["etags are not compared"] = [("return not now and redis.call('HGET', key, 'e') == guard", "return true")],
        ["a step does not consume"] = [("lanes.finish(lane, args[at + 4], seq, pending, 'c')", "")],
        ["a step does not emit"] = [("for _, at in each(emits) do replies[#replies + 1] = topics.append(batch, args, at) end", "for _ in each(emits) do replies[#replies + 1] = '1-1 1-1' end")],
        ["a step writes no state"] = [("for _, at in each(operations) do state.write(batch, args, at) end", "")],
        ["what one group has passed is trimmed for all"] = [("if other.seq < seq then", "if false then")],
        ["a message passed above a gap closes the gap"] = [("if first == lane.seq + 1 then", "if true then")],
        ["a topic forgets its last number"] = [("if held.appended then redis.call('HSET', held.key, 's', marks.text(held.seq), 'y', marks.text(held.bytes)) end", "")],
    };

    public static TheoryData<string> Names => [.. Mutants.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Library_broken_on_purpose_is_found_out(string mutant)
    {
        Assert.All(Mutants[mutant], change => Assert.Contains(change.Line, FunctionLibrary.Code, StringComparison.Ordinal));
        var seed = Enumerable.Range(1, MaxSeeds).FirstOrDefault(seed => !Holds(new Scenario(seed) { Library = code => Mutated(code, mutant), Calm = TimeSpan.FromMinutes(1) }));
        Assert.True(seed > 0, $"{MaxSeeds} seeds did not find out that {mutant}.");
    }

    private static string Mutated(string code, string mutant) =>
        Mutants[mutant].Aggregate(code, (text, change) => text.Replace(change.Line, change.Replacement, StringComparison.Ordinal));

    private static bool Holds(Scenario scenario)
    {
        using var simulation = new Simulation(scenario);
        try
        {
            return simulation.Run().Violations.Count == 0 && simulation.Bank.Finished;
        }
        catch (Exception fault) when (fault is InvalidOperationException or TimeoutException)
        {
            return false;
        }
    }
}
