using System.Text.Json;
using Darq.Engine.Steps.Json;

namespace Darq.Component.Components;

/// <summary>
/// Tells a step from any other response of an app to a binding's delivery. A doubtful response counts as a step: as a plain
/// acknowledgement it would silently lose its effects, while a faulty step is logged and its message delivered again.
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
            // The reader throws InvalidOperationException for a name that is not Unicode.
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

        // Few answers get here, and with few short names, so reading them costs little.
        return StepFields.Contains(json.GetString(), StringComparer.OrdinalIgnoreCase);
    }
}
