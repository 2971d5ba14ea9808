using System.Text;
using System.Text.Json;
using Darq.Steps;

namespace Darq.AspNetCore.Messages;

/// <summary>
/// Makes the type that a handler wants of a message's data. Text and bytes come as they are where the publisher did not call them JSON;
/// anything else is read as JSON whatever it is called, because data that was published raw has no type.
/// </summary>
internal sealed class MessageReader<T>(PayloadJson json)
{
    /// <exception cref="UnfitMessageException">The data has not the form of the type.</exception>
    public T Read(EventData data)
    {
        if (!data.IsJson && typeof(T) == typeof(string))
        {
            return (T)(object)Encoding.UTF8.GetString(data.Bytes.Span);
        }

        if (!data.IsJson && typeof(T) == typeof(byte[]))
        {
            return (T)(object)data.Bytes.ToArray();
        }

        if (data.Bytes.IsEmpty)
        {
            throw new UnfitMessageException("it has no data");
        }

        try
        {
            return json.Deserialize<T>(data.Bytes.Span) ?? throw new UnfitMessageException("its data is null");
        }
        catch (JsonException other)
        {
            // The exception itself is not kept: its text may have a piece of the data.
            throw new UnfitMessageException(
                $"its data has not the form of {typeof(T)}, at {other.Path ?? "the beginning"} in line {other.LineNumber + 1}"
            );
        }
    }
}
