using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace Darq.Benchmarks.Client;

/// <summary>
/// A request serialised once, with its gRPC prefix, in which only numbers change: every place that holds
/// <see cref="Marker"/> takes digits of the same length.
/// </summary>
internal sealed class Template
{
    public const string Marker = "################";
    private const int PrefixBytes = 5;

    private readonly byte[] _bytes;
    private readonly int[] _places;

    public Template(IMessage request)
    {
        _bytes = Framed(request);
        _places = [.. PlacesIn(_bytes)];
    }

    public int Places => _places.Length;

    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A message with its gRPC prefix.</summary>
    public static byte[] Framed(IMessage request)
    {
        var bytes = new byte[PrefixBytes + request.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), bytes.Length - PrefixBytes);
        request.WriteTo(bytes.AsSpan(PrefixBytes));
        return bytes;
    }

    /// <summary>The same number at every place.</summary>
    public void Put(long number)
    {
        foreach (var place in _places)
        {
            Write(place, number);
        }
    }

    /// <summary>Numbers that count up from place to place; returns the one after the last.</summary>
    public long PutCounting(long number)
    {
        foreach (var place in _places)
        {
            Write(place, number++);
        }

        return number;
    }

    public static string Digits(long number) => number.ToString("d16", System.Globalization.CultureInfo.InvariantCulture);

    private void Write(int place, long number)
    {
        for (var i = Marker.Length - 1; i >= 0; i--, number /= 10)
        {
            _bytes[place + i] = (byte)('0' + number % 10);
        }
    }

    private static IEnumerable<int> PlacesIn(byte[] bytes)
    {
        var marker = Encoding.ASCII.GetBytes(Marker);
        for (var at = 0; at < bytes.Length;)
        {
            var found = bytes.AsSpan(at).IndexOf(marker);
            if (found < 0)
            {
                yield break;
            }

            yield return at + found;
            at += found + marker.Length;
        }
    }
}
