namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>Wake-ups on their way: an append publishes one to the session that armed the lane, once.</summary>
internal sealed class WakeUpsModel(CoreModel model)
{
    private readonly List<(int Partition, long Last)> _published = [];

    public void OnAppended(int partition)
    {
        var at = model.Redis.Partitions[partition];
        if (at.Armed == model.Session)
        {
            _published.Add((partition, at.Last));
            at.Armed = null;
        }
    }

    public void Hear(int which)
    {
        if (_published.Count == 0)
        {
            return;
        }

        var (partition, last) = _published[which % _published.Count];
        _published.RemoveAt(which % _published.Count);
        // Where others listen as well, the session that is told by a reply hears it too.
        model.Apply(core => core.OnWakeUp(partition, last, which % 8 == 7 ? model.Session : ""));
    }

    public void Lose()
    {
        if (_published.Count > 0)
        {
            _published.RemoveAt(0);
        }
    }
}
