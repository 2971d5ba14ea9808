using System.Text;
using Darq.Engine.Redis;
using Darq.Testing.Server;

namespace Darq.Testing.Messages;

/// <summary>Every message that was ever appended to a topic, also those that Redis has trimmed since. Of the simulation's thread.</summary>
internal sealed class AppendedMessages
{
    private readonly List<(string Topic, AppendedMessage Message)> _all = [];

    public AppendedMessages(FakeServer server) => server.Changed += Note;

    public IReadOnlyList<AppendedMessage> Of(string topic) =>
        [.. _all.Where(message => message.Topic == topic).Select(message => message.Message)];

    public ILookup<string, AppendedMessage> ByTopic() => _all.ToLookup(message => message.Topic, message => message.Message);

    private void Note(Change change)
    {
        foreach (var words in change.Commands.Where(words => words[0] == "XADD"))
        {
            var topic = words[1].Split("}:t:");
            if (topic.Length == 2)
            {
                var fields = words.Skip(3).Chunk(2).ToDictionary(field => field[0], field => Encoding.Latin1.GetBytes(field[1]));
                _all.Add((Keys.Decode(topic[1]), new(Encoding.UTF8.GetString(fields["i"]), fields["d"])));
            }
        }
    }
}
