using System.Text.Json;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;

namespace Darq.Engine.Steps.Json;

/// <summary>Reads the keys that a step relies on from their JSON. Unknown fields are errors.</summary>
internal static class ReadParser
{
    private const string Form = "a JSON list such as [{\"key\":\"k\",\"etag\":\"1700000000000-42\"}]";
    private const string Whole = "an object with key and etag; an etag of \"absent\", \"\" or null says that the key was absent";
    private const string KeyForm = "1 to 1,024 bytes of text without ||";
    private const string ETagForm = $"the etag of an earlier read, such as 1700000000000-42, or {StateOperation.AbsentETag}";

    private static readonly string[] Fields = ["key", "etag"];

    /// <summary>Reads the key at the cursor, as it is stored.</summary>
    public delegate string KeyReader(ref StepCursor cursor);

    /// <summary>
    /// Reads a list that is a JSON text of its own, as a state transaction carries it. Throws <see cref="DarqException"/>.
    /// </summary>
    public static void Parse(string json, string keyPrefix, List<(StateKey Key, string ETag)> reads) =>
        ListText.Parse(
            json,
            WireNames.Reads,
            Form,
            (ref StepCursor cursor) => ReadList(ref cursor, WireNames.Reads, reads, (ref StepCursor at) => keyPrefix + Key(ref at))
        );

    /// <summary>Reads the list at the cursor.</summary>
    public static void ReadList(ref StepCursor cursor, string name, List<(StateKey Key, string ETag)> reads, KeyReader readKey)
    {
        cursor.EnterList(name, Form);
        while (cursor.NextElement())
        {
            if (cursor.Token != JsonTokenType.StartObject)
            {
                throw cursor.Fault(Whole);
            }

            var (seen, key, etag) = (0, (string?)null, (string?)null);
            while (cursor.NextField(Fields, ref seen) is { } field)
            {
                if (field == "key")
                {
                    key = readKey(ref cursor);
                }
                else
                {
                    (etag, _) = ETag(ref cursor);
                }
            }
            if (key is null || etag is null)
            {
                throw cursor.Missing(key is null ? "key" : "etag", Whole);
            }

            reads.Add((new(key), etag));
        }
    }

    /// <summary>The key at the cursor as the app names it.</summary>
    public static string Key(ref StepCursor cursor)
    {
        var key = cursor.Text(KeyForm);
        if (key.Length == 0 || key.Contains("||", StringComparison.Ordinal))
        {
            throw cursor.Fault(KeyForm);
        }

        Limits.CheckKey(cursor.Path, key);
        return key;
    }

    /// <summary>
    /// The etag at the cursor; "" where it is null, empty or <see cref="StateOperation.AbsentETag"/>, and whether it is the last.
    /// </summary>
    public static (string ETag, bool IsAbsent) ETag(ref StepCursor cursor)
    {
        var etag = cursor.TextOrNull(ETagForm);
        return etag == StateOperation.AbsentETag ? ("", true)
            : etag.Length == 0 || Position.TryParse(etag, out _) ? (etag, false)
            : throw cursor.Fault(ETagForm);
    }
}
