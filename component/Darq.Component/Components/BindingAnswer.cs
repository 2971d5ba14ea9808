using System.Text.Json;
using Darq.Engine.Steps.Json;

namespace Darq.Component.Components;

/// <summary>What an app answered to a binding's delivery.</summary>
internal enum BindingAnswerKind
{
    /// <summary>A step, or an object that can only be a faulty one.</summary>
    Step,

    /// <summary><c>{"status":"SUCCESS"}</c>.</summary>
    Success,

    /// <summary>Neither: an empty body, <c>{}</c>, <c>null</c>, text. A sidecar answers the same for an app that it never called.</summary>
    Unclear,
}

/// <summary>
/// Tells steps, acknowledgements and anything else apart. An object with members is a step even if none of them is a step's: as an
/// acknowledgement it would silently lose its effects, while a faulty step is logged and its message delivered again.
/// </summary>
internal static class BindingAnswer
{
    public static BindingAnswerKind KindOf(ReadOnlyMemory<byte> answer)
    {
        var text = answer.Span.StartsWith("\uFEFF"u8) ? answer.Span[3..] : answer.Span;
        if (text.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..])
        {
            return BindingAnswerKind.Unclear;
        }

        try
        {
            var json = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = StepCursor.MaxDepth });
            json.Read();
            json.Read();
            var kind =
                json.TokenType == JsonTokenType.EndObject ? BindingAnswerKind.Unclear
                : IsSuccess(ref json) ? BindingAnswerKind.Success
                : BindingAnswerKind.Step;
            // What follows the object would be an error of the step.
            return kind == BindingAnswerKind.Step || json.Read() ? BindingAnswerKind.Step : kind;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // The reader throws InvalidOperationException for a name that is not Unicode.
            return BindingAnswerKind.Step;
        }
    }

    /// <summary>Whether the first member is the status SUCCESS and the only one.</summary>
    private static bool IsSuccess(ref Utf8JsonReader json) =>
        json.ValueTextEquals("status"u8)
        && json.Read()
        && json.TokenType == JsonTokenType.String
        && json.ValueTextEquals("SUCCESS"u8)
        && json.Read()
        && json.TokenType == JsonTokenType.EndObject;
}
