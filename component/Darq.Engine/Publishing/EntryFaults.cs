using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>
/// What is wrong with the entries of one publish, each with its own text. The sidecar shows one text for all entries of a bulk, so it has
/// to say which ones it concerns.
/// </summary>
internal sealed class EntryFaults(IReadOnlyList<PublishEntry> entries)
{
    private const int ShownMax = 10;

    private List<(int Index, DarqException Fault)>? _faults;

    public void Add(int index, DarqException fault) => (_faults ??= []).Add((index, fault));

    public void ThrowIfAny()
    {
        if (_faults is not [var first, ..])
        {
            return;
        }

        throw entries.Count == 1 ? first.Fault : new DarqException(first.Fault.Code, Text(_faults));
    }

    private string Text(List<(int Index, DarqException Fault)> faults)
    {
        var word = faults[0].Fault.Message[..faults[0].Fault.Message.IndexOf(':', StringComparison.Ordinal)];
        var shown = faults.Take(ShownMax).Select(fault => $"Entry {NameOf(fault.Index)}: {fault.Fault.Message}");
        var more = faults.Count > ShownMax ? $" And {faults.Count - ShownMax:N0} more." : "";
        return $"{word}: {faults.Count:N0} of {entries.Count:N0} entries cannot be published, so none was. {string.Join(' ', shown)}{more}";
    }

    private string NameOf(int index) => entries[index].Name is { Length: > 0 } name ? $"'{Limits.Printable(name)}'" : $"{index}";
}
