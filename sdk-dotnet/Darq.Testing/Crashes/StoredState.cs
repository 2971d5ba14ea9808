using System.Text;
using Darq.Engine.State;
using Darq.Testing.Calls;
using Darq.Testing.Server;

namespace Darq.Testing.Crashes;

/// <summary>The state of the app as it lies in the simulated Redis, read at no cost of virtual time.</summary>
internal static class StoredState
{
    private const string Kind = "}:s:" + StateItems.Prefix;

    /// <summary>The keys, as the app names them, each with its name in Redis.</summary>
    public static IEnumerable<(string Key, string Name)> Keys(FakeServer server)
    {
        foreach (var name in server.KeyNames.ToArray())
        {
            var at = name.IndexOf(Kind, StringComparison.Ordinal);
            if (at >= 0)
            {
                yield return (Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(name[(at + Kind.Length)..])), name);
            }
        }
    }

    /// <summary>The value of a key of the app; null where it has none.</summary>
    public static ReadOnlyMemory<byte>? Find(FakeServer server, string key) =>
        Keys(server).Where(stored => stored.Key == key).Select(stored => ValueOf(server, stored.Name)).FirstOrDefault();

    /// <summary>The value under a name in Redis; null where it is none.</summary>
    public static ReadOnlyMemory<byte>? ValueOf(FakeServer server, string name) =>
        server.Execute(["GET", name])[0] is Reply.Bulk { Text: { } text }
        && StoredValue.TryParse(Encoding.Latin1.GetBytes(text), out var value)
            ? value.Data
            : null;
}
