using System.Text.Json;

namespace Darq.Hosting;

/// <summary>Reads what an app answered to a delivery of a binding, as far as to tell a step from any other text.</summary>
internal static class BindingAnswer
{
    /// <summary>Whether the answer is a JSON object with a field that only a step has.</summary>
    public static bool IsStep(ReadOnlyMemory<byte> answer)
    {
        if (answer.Span.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..])
            return false;
        try
        {
            var json = new Utf8JsonReader(answer.Span);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("consume"u8) || json.ValueTextEquals("state"u8) || json.ValueTextEquals("emit"u8) || json.ValueTextEquals("timers"u8))
                    return true;
                json.Skip();
            }

            return false;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
