using Darq.Protos;
using Xunit;

namespace Darq.Tests.Contract.Recordings;

/// <summary>
/// Recorded etags and ours, which are the same but for their names: equal where the recorded ones are, different where those differ. Each
/// key has names of its own, because an etag is only ever compared with those of its key.
/// </summary>
internal sealed class RecordedEtags
{
    private readonly Dictionary<(string Key, string Recorded), string> _ours = [];
    private readonly Dictionary<(string Key, string Ours), string> _recorded = [];

    public TransactionalStateRequest ToOurs(TransactionalStateRequest request)
    {
        foreach (var operation in request.Operations)
        {
            var (key, etag) = operation.Set is { } set ? (set.Key, set.Etag) : (operation.Delete.Key, operation.Delete.Etag);
            if (etag is { Value.Length: > 0 })
            {
                etag.Value = _ours[(key, etag.Value)];
            }
        }

        return request;
    }

    public void AssertSame(string key, GetResponse recorded, GetResponse ours)
    {
        Rename(key, recorded.Etag, ours.Etag);
        Assert.Equal(recorded, ours);
    }

    public void AssertSame(BulkGetResponse recorded, BulkGetResponse ours)
    {
        foreach (var (item, own) in recorded.Items.Zip(ours.Items))
        {
            Rename(item.Key, item.Etag, own.Etag);
        }

        Assert.Equal(recorded, ours);
    }

    /// <summary>Gives ours the recorded name, if both are new or were met together before.</summary>
    private void Rename(string key, Etag? recorded, Etag? ours)
    {
        if (recorded is null || ours is null)
        {
            return;
        }

        if (!_ours.ContainsKey((key, recorded.Value)))
        {
            _recorded.TryAdd((key, ours.Value), recorded.Value);
            _ours[(key, recorded.Value)] = ours.Value;
        }

        ours.Value = _recorded.GetValueOrDefault((key, ours.Value), ours.Value);
    }
}
