using System.Text.Json;
using Darq.Engine.Steps.Json;

namespace Darq.Component.Components;

/// <summary>
/// What an app answered to a delivery of a binding, as far as it takes to tell a step from any other text. Whatever might be
/// meant as a step counts as one: taken for a plain acknowledgement its effects would be lost in silence, while a faulty step
/// is refused aloud and its message comes again.
/// </summary>
internal static class BindingAnswer
{
    private static readonly string[] StepFields = ["state", "emit", "consume", "reads", "timers"];

    /// <summary>
    /// Whether the answer is a JSON object with a field that only a step has, in whatever case it is written, or begins
    /// like an object and is none.
    /// </summary>
    public static bool IsStep(ReadOnlyMemory<byte> answer)
    {
        var text = answer.Span.StartsWith("\uFEFF"u8) ? answer.Span[3..] : answer.Span;
        if (text.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..])
        {
            return false;
        }

        try
        {
            var json = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = StepCursor.MaxDepth });
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (IsStepField(ref json))
                {
                    return true;
                }

                json.Skip();
            }

            json.Read();
            return false;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // The latter is what the reader throws for a name that is no Unicode text.
            return true;
        }
    }

    private static bool IsStepField(ref Utf8JsonReader json)
    {
        foreach (var field in StepFields)
        {
            if (json.ValueTextEquals(field))
            {
                return true;
            }
        }

        // Hardly any answer gets here with more than a few short names, so that reading them costs little.
        return StepFields.Contains(json.GetString(), StringComparer.OrdinalIgnoreCase);
    }
}
