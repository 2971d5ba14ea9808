using System.Text;

namespace Darq.Benchmarks.Client;

/// <summary>
/// Request headers as HPACK blocks, encoded as a sidecar's client does it: a header that was sent before is one byte that
/// points into the dynamic table. The table here never evicts, so it only takes what a benchmark needs.
/// </summary>
internal sealed class HeaderBlocks
{
    private const byte MethodPost = 0x83;
    private const byte SchemeHttp = 0x86;
    private const int FirstDynamic = 62;
    private const int TableBytes = 4096;
    private const int EntryOverhead = 32;

    private readonly List<(string Name, string Value)> _table = [];
    private readonly Dictionary<Method, (byte[] Block, int Entries)> _blocks = [];
    private int _bytes;

    /// <summary>
    /// The block that opens a call. The first one of a method may add to the table, which moves the places of all others.
    /// </summary>
    public ReadOnlySpan<byte> Of(Method method)
    {
        if (_blocks.TryGetValue(method, out var known) && known.Entries == _table.Count)
        {
            return known.Block;
        }

        var before = _table.Count;
        var block = Encode(method);
        if (_table.Count == before)
        {
            _blocks[method] = (block, before);
        }

        return block;
    }

    private byte[] Encode(Method method)
    {
        var block = new List<byte> { MethodPost, SchemeHttp };
        Add(block, ":path", method.Path);
        Add(block, ":authority", "localhost");
        Add(block, "content-type", "application/grpc");
        Add(block, "user-agent", "grpc-go/1.79.3");
        Add(block, "te", "trailers");
        Add(block, "x-component-instance", method.Instance);
        return [.. block];
    }

    private void Add(List<byte> block, string name, string value)
    {
        var place = _table.IndexOf((name, value));
        if (place >= 0)
        {
            block.Add((byte)(0x80 | (FirstDynamic + _table.Count - 1 - place)));
            return;
        }

        _bytes += name.Length + value.Length + EntryOverhead;
        if (_bytes > TableBytes)
        {
            throw new InvalidOperationException("The header table is full: these headers are made for a few methods only.");
        }

        _table.Add((name, value));
        block.Add(0x40);
        AddText(block, name);
        AddText(block, value);
    }

    private static void AddText(List<byte> block, string text)
    {
        if (text.Length > 126)
        {
            throw new ArgumentException($"'{text}' is too long for a header here.", nameof(text));
        }

        block.Add((byte)text.Length);
        block.AddRange(Encoding.ASCII.GetBytes(text));
    }
}

/// <summary>A method of the component, called for one of its instances.</summary>
internal sealed record Method(string Service, string Name, string Instance)
{
    public string Path { get; } = $"/dapr.proto.components.v1.{Service}/{Name}";
}
