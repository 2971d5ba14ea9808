using System.Buffers;
using System.Text;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Protos;
using Google.Protobuf;

namespace Darq.Component.Dapr;

/// <summary>
/// A delivery on the wire: a PullMessagesResponse or a ReadResponse, which differ in the numbers of their fields and in the topic. A
/// stream reuses one for all deliveries, because a generated one with its map of headers is some fifty objects.
/// </summary>
internal sealed class DeliveryMessage
{
    private const int LongestTag = 1 + 5;

    // The same number in both messages.
    private const int DataField = PullMessagesResponse.DataFieldNumber;

    // The fields of a map's entry.
    private const int NameField = 1;
    private const int ValueField = 2;

    private readonly Envelope _envelope = new();
    private readonly (int? Topic, int Metadata, int Id) _numbers;

    // The end of the data, and all other fields.
    private readonly ByteBuffer _rest = new();

    private DeliveryMessage((int? Topic, int Metadata, int Id) numbers) => _numbers = numbers;

    private int DataLength => _envelope.DataHead.Length + _envelope.DataTail.Length;

    public static DeliveryMessage OfPull() =>
        new((PullMessagesResponse.TopicNameFieldNumber, PullMessagesResponse.MetadataFieldNumber, PullMessagesResponse.IdFieldNumber));

    public static DeliveryMessage OfRead() => new((null, ReadResponse.MetadataFieldNumber, ReadResponse.MessageIdFieldNumber));

    public void Fill(Delivery delivery)
    {
        _envelope.Fill(delivery);
        _rest.Clear();
        _rest.Add(_envelope.DataTail);
        // The subscribed name, also where it is a further stream of a topic: the sidecar routes to streaming apps by it.
        if (_numbers.Topic is { } topic)
        {
            Write(topic, delivery.Topic);
        }

        foreach (var (name, value) in _envelope.OfPublisher)
        {
            BeginEntry(name.Length, value.Length);
            Write(NameField, name);
            Write(ValueField, value);
        }

        for (var i = 0; i < Envelope.HeaderCount; i++)
        {
            if (_envelope.Value(i).IsEmpty)
            {
                continue;
            }

            BeginEntry(Envelope.Header(i).Length, _envelope.Value(i).Length);
            Write(NameField, Envelope.Header(i));
            Write(ValueField, _envelope.Value(i));
        }

        Write(_numbers.Id, delivery.Token);
    }

    public int CalculateSize() => FieldSize(DataLength) - _envelope.DataTail.Length + _rest.Count;

    /// <summary>Writes as many bytes as <see cref="CalculateSize"/> returns.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        output.Advance(WriteTag(output.GetSpan(LongestTag), DataField, DataLength));
        output.Write(_envelope.DataHead);
        output.Write(_rest.Written);
    }

    private void BeginEntry(int nameBytes, int valueBytes) => Begin(_numbers.Metadata, FieldSize(nameBytes) + FieldSize(valueBytes));

    private void Write(int field, ReadOnlySpan<byte> bytes)
    {
        Begin(field, bytes.Length);
        _rest.Add(bytes);
    }

    private void Write(int field, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Begin(field, length);
        Encoding.UTF8.GetBytes(text, _rest.Reserve(length));
    }

    private void Begin(int field, int length)
    {
        var written = WriteTag(_rest.Reserve(LongestTag), field, length);
        _rest.Return(LongestTag - written);
    }

    /// <summary>Number and length of a field; all numbers are below 16, so that they are one byte.</summary>
    private static int WriteTag(Span<byte> span, int field, int length)
    {
        span[0] = (byte)WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited);
        var written = 1;
        for (var rest = (uint)length; ; rest >>= 7)
        {
            span[written++] = (byte)(rest < 0x80 ? rest : rest | 0x80);
            if (rest < 0x80)
            {
                return written;
            }
        }
    }

    private static int FieldSize(int length) => 1 + CodedOutputStream.ComputeLengthSize(length) + length;
}
