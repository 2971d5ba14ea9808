using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>Who was alive at a heartbeat, and who of them takes lanes of which (group, topic). Never changes.</summary>
internal sealed class MembershipSnapshot
{
    /// <summary>Announced by a member that lives but takes no lanes; it stands for no (group, topic), because it has no colon.</summary>
    public const string Nothing = "-";

    private readonly Dictionary<string, string> _announced = [];
    private readonly Dictionary<string, List<string>> _takers = [];

    private MembershipSnapshot(long beat) => Beat = beat;

    /// <summary>Which of our heartbeats, counted from 1, found it so.</summary>
    public long Beat { get; }

    /// <param name="beat">Its number.</param>
    /// <param name="reply">What it was answered: session and announcement of each.</param>
    public static MembershipSnapshot Read(long beat, RedisReply reply)
    {
        var snapshot = new MembershipSnapshot(beat);
        foreach (
            var member in reply
                .Items.Chunk(2)
                .Select(pair => (Session: pair[0].ToString(), Text: pair[1].ToString()))
                .OrderBy(member => member.Session, StringComparer.Ordinal)
        )
        {
            snapshot._announced[member.Session] = member.Text;
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

    /// <summary>A (group, topic) as members announce it.</summary>
    public static string Name(string group, string topic) => $"{Keys.Encode(group)}:{Keys.Encode(topic)}";

    public bool Has(string session) => _announced.ContainsKey(session);

    /// <summary>The live sessions that take lanes of a (group, topic), in the same order for everybody.</summary>
    public IReadOnlyList<string> TakersOf(string name) => _takers.GetValueOrDefault(name) ?? [];
}
