using System.Text;
using System.Text.Json;
using Darq.Engine.Core;

namespace Darq.Engine.Steps.Json;

/// <summary>A list that is a JSON text of its own, as the metadata of a state transaction carries it.</summary>
internal static class ListText
{
    /// <summary>Reads the list at the cursor.</summary>
    public delegate void ListReader(ref StepCursor cursor);

    /// <summary>Throws <see cref="DarqException"/> (Invalid) where the text is no JSON, or has more than the list.</summary>
    public static void Parse(string json, string name, string form, ListReader read)
    {
        var cursor = new StepCursor(Encoding.UTF8.GetBytes(json), name);
        try
        {
            cursor.Read();
            read(ref cursor);
            cursor.Read();
        }
        catch (JsonException fault)
        {
            throw StepCursor.NotJson(name, fault, form);
        }
        catch (InvalidOperationException)
        {
            // System.Text.Json throws this for half a surrogate pair, anywhere in the list.
            throw Limits.Unfit(name, "a list with a string that is not well-formed Unicode", form);
        }
    }
}
