using Darq.Protos;
using Google.Protobuf;

namespace Darq.Tests.Contract.Replays;

/// <summary>
/// What each key may hold: one value, or several after a call whose end is unclear. Keys with a time to live are not followed.
/// </summary>
internal sealed class StateModel
{
    private readonly Dictionary<string, HashSet<ByteString?>> _possible = [];
    private readonly HashSet<string> _expiring = [];

    /// <summary>Takes the effect of a call that ended well; of an unclear one it takes the effect as possible.</summary>
    public void Apply(IMessage request, bool unclear)
    {
        foreach (var (key, value, metadata) in Changes(request))
        {
            if (metadata.Keys.Any(name => name.Equals("ttlInSeconds", StringComparison.OrdinalIgnoreCase)))
            {
                _expiring.Add(key);
            }

            if (!unclear)
            {
                _possible.Remove(key);
            }

            Of(key, unclear).Add(value);
        }
    }

    /// <summary>What is wrong with an answer of the store, or null.</summary>
    public string? Fault(IMessage request, IMessage answer) =>
        (request, answer) switch
        {
            (GetRequest get, GetResponse got) => Fault(get.Key, got.Data, got.Etag),
            (BulkGetRequest gets, BulkGetResponse got)
                when !gets.Items.Select(get => get.Key).SequenceEqual(got.Items.Select(item => item.Key)) =>
                "a bulk get answers other keys than were asked for",
            (BulkGetRequest, BulkGetResponse got) => got
                .Items.Select(item => item.Error.Length > 0 ? $"{item.Key}: {item.Error}" : Fault(item.Key, item.Data, item.Etag))
                .FirstOrDefault(fault => fault is not null),
            _ => null,
        };

    private string? Fault(string key, ByteString data, Etag? etag)
    {
        if (etag is null ? data.Length > 0 : etag.Value.Length == 0)
        {
            return $"{key} has {data.Length} bytes and the etag '{etag?.Value}'";
        }

        var value = etag is null ? null : data;
        return _expiring.Contains(key) || Of(key, keep: true).Contains(value)
            ? null
            : $"{key} is {value?.ToStringUtf8() ?? "absent"}, which was not written";
    }

    private HashSet<ByteString?> Of(string key, bool keep)
    {
        if (!_possible.TryGetValue(key, out var values))
        {
            // Before its first write a key is absent.
            _possible[key] = values = keep ? [null] : [];
        }

        return values;
    }

    private static IEnumerable<(string Key, ByteString? Value, IDictionary<string, string> Metadata)> Changes(IMessage request) =>
        request switch
        {
            SetRequest set => [(set.Key, set.Value, set.Metadata)],
            DeleteRequest delete => [(delete.Key, null, delete.Metadata)],
            BulkSetRequest bulk => bulk.Items.SelectMany(Changes),
            BulkDeleteRequest bulk => bulk.Items.SelectMany(Changes),
            TransactionalStateRequest transaction => transaction.Operations.SelectMany(operation =>
                Changes((IMessage)operation.Set ?? operation.Delete)
            ),
            _ => [],
        };
}
