using Darq.Redis;
using Xunit;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>A simulator that finds nothing proves nothing: function libraries broken on purpose must be found out.</summary>
public sealed class MutantTests
{
    private const int MaxSeeds = 40;

    [Theory]
    // A message id is forgotten at once.
    [InlineData("if known then", "if false then")]
    // The reply of a batch is not repeated but the batch executed again.
    [InlineData("if number == last then return session[2] end", "if number == last then number = last + 1 end")]
    // The result of a step is not looked up.
    [InlineData("if known then return 'DUPLICATE ' .. known end", "")]
    // A step of an older incarnation takes effect.
    [InlineData("fenced = fenced or not lanes.held(lane, batch.session, args[at + 3])", "")]
    // A consumed message is consumed again by a second step.
    [InlineData("if lanes.has_passed(lane, tonumber(args[at + 5])) then return nil, 'STALE' end", "")]
    // Etags are not compared.
    [InlineData("return not now and redis.call('HGET', key, 'e') == guard", "return true")]
    // A step does not consume.
    [InlineData("lanes.pass(lane, args[at + 4], seq)", "")]
    // A step emits nothing.
    [InlineData("local fresh, reply = topics.append(batch, args, at)\n      replies", "local fresh, reply = true, '1-1 1-1'\n      replies")]
    // What all groups but one have passed is trimmed away.
    [InlineData("if tonumber(other_seq) < seq then", "if false then")]
    // A lane is taken from a holder that lives.
    [InlineData("if lane.owner and lane.owner ~= session and lane.owner ~= dead then", "if false then")]
    // A message passed above a gap lets the gap count as passed.
    [InlineData("if first == lane.seq + 1 then", "if true then")]
    public void Library_broken_on_purpose_is_found_out(string line, string replacement)
    {
        Assert.Contains(line, FunctionLibrary.Code, StringComparison.Ordinal);
        for (var seed = 1; seed <= MaxSeeds; seed++)
        {
            if (!Holds(new Scenario(seed) { Library = code => code.Replace(line, replacement, StringComparison.Ordinal), Calm = TimeSpan.FromMinutes(1) }))
                return;
        }
        Assert.Fail($"{MaxSeeds} seeds did not find out that '{line}' is broken.");
    }

    private static bool Holds(Scenario scenario)
    {
        using var simulation = new Simulation(scenario);
        try
        {
            return simulation.Run().Holds && simulation.Bank.Finished;
        }
        catch (Exception fault) when (fault is InvalidOperationException or TimeoutException)
        {
            return false;
        }
    }
}
