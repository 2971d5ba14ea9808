namespace Darq.Benchmarks.Client;

/// <summary>Keeps a number of calls that publish outstanding, whatever has been delivered meanwhile.</summary>
internal sealed class WindowLoad(LoadConnection connection, string instance, string topic, int bytes, int outstanding)
    : PublishingLoad(connection, instance, topic, bytes)
{
    protected override int Prepare()
    {
        while (Published < Wanted && Publishing < outstanding)
        {
            Publish();
        }

        return base.Prepare();
    }
}
