using System.Globalization;
using System.Text;

namespace Darq.Engine.Redis;

/// <summary>
/// The tag of a partition's keys, <c>{namespace:p:x}</c>: x is the smallest number for which the tag's slot lies in the p-th of equal
/// windows of a cluster's slots. Equal ranges of slots then hold equal numbers of partitions, and neighbours move together. Fixed for ever
/// by the data already stored.
/// </summary>
internal static class PartitionTag
{
    public const int Slots = 16_384;

    public static string Of(string namespaceName, int partition, int partitions)
    {
        var (first, end) = ((long)partition * Slots / partitions, ((long)partition + 1) * Slots / partitions);
        for (var x = 0; ; x++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{namespaceName}:{partition}:{x}");
            if (SlotOf(name) is var slot && slot >= first && slot < end)
            {
                return $"{{{name}}}";
            }
        }
    }

    /// <summary>The slot of a cluster for what stands in the braces of a key: CRC-16 (XMODEM) modulo their number.</summary>
    public static int SlotOf(string tag)
    {
        var crc = 0;
        foreach (var b in Encoding.UTF8.GetBytes(tag))
        {
            crc ^= b << 8;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            }
        }
        return (crc & 0xFFFF) % Slots;
    }
}
