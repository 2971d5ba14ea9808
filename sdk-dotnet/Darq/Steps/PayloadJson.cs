using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Darq.Steps;

/// <summary>Messages and state as JSON, by the app's own options; without reflection where the app has none.</summary>
internal sealed class PayloadJson(JsonSerializerOptions options)
{
    private static readonly byte[] Null = "null"u8.ToArray();

    public byte[] Serialize<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, TypeInfo<T>());

    /// <exception cref="JsonException">The text is no JSON, or has not the form of the type.</exception>
    public T? Deserialize<T>(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, TypeInfo<T>());

    /// <summary>Fails where the type has no JSON form, before a message depends on it.</summary>
    /// <exception cref="InvalidOperationException">It has none.</exception>
    public void Check<T>() => TypeInfo<T>();

    public static bool IsNull(byte[] json) => json.AsSpan().SequenceEqual(Null);

    private JsonTypeInfo<T> TypeInfo<T>()
    {
        try
        {
            return (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        }
        catch (Exception unknown) when (unknown is NotSupportedException or InvalidOperationException)
        {
            throw new InvalidOperationException(
                $"There is no JSON form of {typeof(T)}. Where reflection is off, name the type in a JsonSerializerContext, and that in "
                    + "AddDarq(o => o.JsonSerializerOptions.TypeInfoResolver = …).",
                unknown
            );
        }
    }
}
