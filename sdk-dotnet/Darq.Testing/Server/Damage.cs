namespace Darq.Testing.Server;

/// <summary>
/// What another program has written over in the data of a fake server, beside its journal: whole keys, and fields of hashes. It can be
/// lifted for a look at what was there, and mended. A command that replaces or removes a key ends the damage of it, as it does in Redis.
/// </summary>
internal sealed class Damage
{
    private const string Planted = "planted";

    private readonly Dictionary<string, Keyspace.Entry> _keys = [];
    private readonly Dictionary<(Hash Hash, string Field), string> _fields = [];
    private bool _isLifted;

    /// <summary>What stands in place of a key; null where nothing does.</summary>
    public Keyspace.Entry? Of(string key) => _isLifted ? null : _keys.GetValueOrDefault(key);

    /// <summary>Puts a text where a key of another type belongs.</summary>
    public void Overwrite(string key) => _keys[key] = new Keyspace.Entry(Planted);

    public void Overwrite(Hash hash, string field)
    {
        _fields[(hash, field)] = hash[field];
        hash[field] = Planted;
    }

    /// <summary>Whether the key was damaged.</summary>
    public bool End(string key) => _keys.Remove(key);

    public void Forget()
    {
        _keys.Clear();
        _fields.Clear();
    }

    public void Mend()
    {
        Restore();
        Forget();
    }

    /// <summary>Looks at the data as they would be without the damage.</summary>
    public T Lifted<T>(Func<T> look)
    {
        if (_isLifted || _keys.Count + _fields.Count == 0)
        {
            return look();
        }

        _isLifted = true;
        Restore();
        try
        {
            return look();
        }
        finally
        {
            foreach (var (hash, field) in _fields.Keys)
            {
                hash[field] = Planted;
            }

            _isLifted = false;
        }
    }

    /// <summary>A field that was written or removed since is damaged no more.</summary>
    private void Restore()
    {
        foreach (var (place, text) in _fields.ToArray())
        {
            if (place.Hash.GetValueOrDefault(place.Field) == Planted)
            {
                place.Hash[place.Field] = text;
            }
            else
            {
                _fields.Remove(place);
            }
        }
    }
}
