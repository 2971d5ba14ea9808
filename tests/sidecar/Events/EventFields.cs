using System.Buffers;
using System.Text.Json;

namespace Darq.Sidecar.Events;

/// <summary>The attributes of a CloudEvent under construction; written with sorted keys, whatever the order of setting.</summary>
internal sealed class EventFields
{
    private readonly SortedDictionary<string, Action<IBufferWriter<byte>>> _fields = new(StringComparer.Ordinal);

    public bool Contains(string name) => _fields.ContainsKey(name);

    public void Set(string name, string value) => _fields[name] = output => GoJson.WriteString(output, value);

    public void Set(string name, JsonElement value) => _fields[name] = output => GoJson.Write(output, value, GoNumbers.Kept);

    public void SetMissing(string name, string value)
    {
        if (!Contains(name))
        {
            Set(name, value);
        }
    }

    public byte[] ToJson()
    {
        var output = new ArrayBufferWriter<byte>(512);
        var separator = "{"u8;
        foreach (var (name, write) in _fields)
        {
            output.Write(separator);
            GoJson.WriteString(output, name);
            output.Write(":"u8);
            write(output);
            separator = ","u8;
        }
        output.Write(_fields.Count == 0 ? "{}"u8 : "}"u8);
        return output.WrittenSpan.ToArray();
    }
}
