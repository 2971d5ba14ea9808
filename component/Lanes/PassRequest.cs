using Darq.Partitions;
using Darq.Redis;

namespace Darq.Lanes;

/// <summary>Tells Redis that a message is done with. Waits as long as it takes: nobody else would send it again.</summary>
internal sealed class PassRequest(string group, string topic, int partition, Position streamId, bool expired, Func<string> incarnation)
    : BatchRequest("pass")
{
    public override int Size => 160;

    public override bool Frees => true;

    public override bool Patient => true;

    public override void Write(BatchWriter writer)
    {
        writer.Add(writer.Place(partition));
        writer.Add(Keys.Encode(group));
        writer.Add(Keys.Encode(topic));
        writer.Add(incarnation());
        // The counter of the lane's books.
        writer.Add(expired ? "x" : "c");
        writer.Add(1);
        writer.Add(streamId.WorldLine);
        writer.Add(streamId.Number);
    }
}
