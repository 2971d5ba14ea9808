using System.Globalization;
using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>The sessions alive at a heartbeat, and the (group, topic)s whose lanes each takes. Immutable.</summary>
internal sealed class MembershipSnapshot
{
    /// <summary>Announced by a live member that takes no lanes; no (group, topic), because it has no colon.</summary>
    public const string Nothing = "-";

    /// <summary>Stands for an announcement that was in another form.</summary>
    private const string Damage = "!";

    private readonly Dictionary<string, TimeSpan> _silent = [];
    private readonly Dictionary<string, List<string>> _takers = [];

    /// <summary>Sessions, or what stood in their place, whose announcement was in another form and is removed.</summary>
    public IReadOnlyList<string> Damaged { get; private init; } = [];

    private MembershipSnapshot(long beat, long serverMs) => (Beat, ServerMs) = (beat, serverMs);

    /// <summary>The number of the heartbeat of this process that returned it, counted from 1.</summary>
    public long Beat { get; }

    /// <summary>The server's wall clock then.</summary>
    public long ServerMs { get; }

    /// <param name="beat">Its number.</param>
    /// <param name="reply">The answer: the server's time, then session, silence in ms and announcement of each member.</param>
    public static MembershipSnapshot Read(long beat, RedisReply reply)
    {
        var members = reply
            .Items.Skip(1)
            .Chunk(3)
            .Select(member => (Session: member[0].ToString(), Silent: Number(member[1]), Text: member[2].ToString()))
            .ToLookup(IsSound);
        var snapshot = new MembershipSnapshot(beat, Number(reply.Items[0]))
        {
            Damaged = [.. members[false].Select(member => member.Session)],
        };
        foreach (var member in members[true].OrderBy(member => member.Session, StringComparer.Ordinal))
        {
            snapshot._silent[member.Session] = TimeSpan.FromMilliseconds(member.Silent);
            foreach (var name in member.Text.Split(' '))
            {
                if (!snapshot._takers.TryGetValue(name, out var takers))
                {
                    snapshot._takers[name] = takers = [];
                }

                takers.Add(member.Session);
            }
        }
        return snapshot;
    }

    private static bool IsSound((string Session, long Silent, string Text) member) => member.Text != Damage;

    private static long Number(RedisReply reply) => long.Parse(reply.ToString(), CultureInfo.InvariantCulture);

    /// <summary>A (group, topic) as members announce it.</summary>
    public static string Name(string group, string topic) => $"{Keys.Encode(group)}:{Keys.Encode(topic)}";

    public bool Has(string session) => _silent.ContainsKey(session);

    /// <summary>The sessions that wrote a heartbeat less than that long before this one.</summary>
    public IEnumerable<string> HeardWithin(TimeSpan time) => _silent.Where(member => member.Value < time).Select(member => member.Key);

    /// <summary>The live sessions that take lanes of a (group, topic), in the same order in every process.</summary>
    public IReadOnlyList<string> TakersOf(string name) => _takers.GetValueOrDefault(name) ?? [];
}
