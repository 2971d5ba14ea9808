using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Output;
using Darq.Component.Cli.Reading;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Repairs;

/// <summary>
/// Makes the repairs that a look finds, and looks again: a key that is moved out of the way uncovers what was behind it, and a partition
/// takes writes again only when nothing else in it is damaged. At last running components are made to look at their lanes anew.
/// </summary>
/// <param name="redis">Where to write.</param>
/// <param name="look">One look at the namespace.</param>
/// <param name="audit">Gets each change, before the next is made.</param>
internal sealed class RepairRun(IRedisCommands redis, Func<Task<Report>> look, Action<RepairOutcome, string, Repair> audit)
{
    /// <summary>Looks at most; traffic may change what a repair rests on, which is then looked at again.</summary>
    private const int LooksMax = 10;

    private readonly List<RepairStep> _steps = [];
    private bool _concernsOwners;

    /// <summary>The repairs that a look found, each with the first of the findings that it mends.</summary>
    public static IReadOnlyList<RepairStep> Planned(Report report) =>
        [
            .. report
                .Findings.Kept.Where(finding => finding.Repair is not null)
                .DistinctBy(finding => finding.Repair)
                .Select(finding => new RepairStep(finding, RepairOutcome.Planned)),
        ];

    /// <summary>The last look, which shows what is left, and all that was done.</summary>
    public async Task<(Report Report, IReadOnlyList<RepairStep> Steps)> RunAsync(CancellationToken cancellation)
    {
        var report = await look();
        for (var looks = 1; looks < LooksMax && Planned(report) is { Count: > 0 } planned; looks++)
        {
            var wasRefused = false;
            foreach (var step in planned)
            {
                var made = await MakeAsync(step.Finding, cancellation);
                _steps.Add(made);
                wasRefused |= made.Outcome == RepairOutcome.Refused;
            }

            report = await look();
            if (wasRefused)
            {
                break;
            }
        }

        if (_concernsOwners && report is { Scope: { } scope, Findings.Damage: 0 })
        {
            await TellOwnersAsync(scope, cancellation);
        }

        return (report, _steps);
    }

    private async Task<RepairStep> MakeAsync(Finding finding, CancellationToken cancellation)
    {
        var repair = finding.Repair!;
        RepairStep made;
        try
        {
            made = new(finding, await redis.ChangeAsync(repair.Change, cancellation) ? RepairOutcome.Done : RepairOutcome.Changed);
        }
        catch (RedisRefusedException refused)
        {
            made = new(finding, RepairOutcome.Refused, refused.Message);
        }

        _concernsOwners |= repair.ConcernsOwners && made.Outcome == RepairOutcome.Done;
        audit(made.Outcome, made.Why, repair);
        return made;
    }

    /// <summary>
    /// Components hold lanes in memory. Without a replication id in the headers their next call finds that a recovery is needed, as after
    /// a restart of Redis: all partitions get a new world-line, no fencing token of the old one counts, and lanes are resumed or claimed
    /// anew.
    /// </summary>
    private async Task TellOwnersAsync(NamespaceScope scope, CancellationToken cancellation)
    {
        foreach (var header in scope.Headers)
        {
            await redis.ChangeAsync(OwnersLookAgain(header), cancellation);
        }

        audit(RepairOutcome.Done, "", new("components look at their lanes anew", scope.Headers[0].Key, OwnersLookAgain(scope.Headers[0])));
    }

    private static GuardedChange OwnersLookAgain(HeaderFacts header) =>
        GuardedChange.Of(header.Key, new(["EXISTS", header.Key], "1"), "HSET", header.Key, "boot", "");
}
