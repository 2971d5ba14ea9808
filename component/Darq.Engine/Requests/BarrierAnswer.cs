using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Darq.Engine.Durability;

namespace Darq.Engine.Requests;

/// <summary>
/// Writes what a barrier found and what is known of durability, in the forms of <c>barrier-answer.schema.json</c> and
/// <c>status-answer.schema.json</c>.
/// </summary>
internal static class BarrierAnswer
{
    public static ReadOnlyMemory<byte> Write(BarrierEnd end) =>
        Write(json =>
        {
            var isLost = end.Lost.Count > 0;
            json.WriteString("outcome"u8, isLost ? "ROLLED_BACK"u8 : "OK"u8);
            if (!isLost && end.Durable is { } durable)
            {
                json.WriteBoolean("durable"u8, durable);
            }

            json.WriteString("worldLine"u8, end.WorldLine.ToString(CultureInfo.InvariantCulture));
            json.WriteString("level"u8, end.Level.ToString());
            if (!isLost)
            {
                return;
            }

            json.WriteStartArray("positions"u8);
            foreach (var position in end.Lost)
            {
                json.WriteStringValue(position.ToString());
            }

            json.WriteEndArray();
            var forGood = end.Durable is null ? "" : ", for good";
            json.WriteString(
                "message"u8,
                $"ROLLED_BACK: Redis was replaced or started again and has lost what was applied at these positions{forGood}; or they are "
                    + "of another namespace."
            );
        });

    public static ReadOnlyMemory<byte> Write(DurabilityStatus status) =>
        Write(json =>
        {
            json.WriteString("outcome"u8, "OK"u8);
            json.WriteString("namespace"u8, status.Primary.Namespace);
            json.WriteBoolean("connected"u8, status.Primary.Why is null);
            WriteText(json, "reason", status.Primary.Why);
            WriteText(json, "worldLine", status.WorldLine == 0 ? null : status.WorldLine.ToString(CultureInfo.InvariantCulture));
            json.WriteString("durability"u8, status.Setting.ToString());
            json.WriteString("level"u8, status.Primary.Durability.Level.ToString());
            json.WriteBoolean("durable"u8, status.Primary.Durability.IsDurable);
            json.WriteString("atRisk"u8, status.Primary.Durability.AtRisk);
            WriteText(json, "stalled", status.Primary.WhyStalled);
            WriteText(json, "held", status.Held == 0 ? null : status.Held.ToString(CultureInfo.InvariantCulture));
            json.WriteNumber("waiting"u8, status.Waiting);
            json.WriteStartObject("watermark"u8);
            foreach (var partition in status.Watermarks)
            {
                json.WriteStartObject(partition.Applied.Partition.ToString(CultureInfo.InvariantCulture));
                json.WriteString("applied"u8, partition.Applied.ToString());
                WriteText(json, "durable", partition.Durable?.ToString());
                json.WriteEndObject();
            }

            json.WriteEndObject();
        });

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }
}
