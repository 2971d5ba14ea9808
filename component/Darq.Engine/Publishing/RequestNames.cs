using System.Collections.Concurrent;
using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>
/// The names of request metadata that a kind of request takes, in any case. A misspelt one is refused with the name that was meant: if
/// ignored, it would turn exactly-once off without a word. Names that mean nothing here are the app's own and pass.
/// </summary>
internal sealed class RequestNames
{
    /// <summary>Names of apps that were found harmless; they are few, and comparing costs more than all else here.</summary>
    private const int HarmlessMax = 1024;

    /// <summary>Longer ones are compared each time, so that what is remembered is bounded.</summary>
    private const int HarmlessLengthMax = 128;

    // Shorter names are one letter away from too many words of others.
    private const int LettersForNearMiss = 8;

    private static readonly string[] OfSteps = [WireNames.Token, WireNames.Consume, WireNames.Emit, WireNames.Reads];
    private const string OfTransactions = "it belongs to the metadata of a state transaction as a whole";

    private static readonly string[] OfValues = [WireNames.PartitionKey, WireNames.TtlInSeconds, WireNames.Concurrency];
    private static readonly string[] OfPublishing = [WireNames.PartitionKey, WireNames.TtlInSeconds, WireNames.RawPayload];

    /// <summary>Of a message that is published.</summary>
    public static readonly RequestNames Publish = new(
        "a publish",
        [WireNames.Id, WireNames.Ack, WireNames.Ttl, .. OfPublishing],
        OfSteps,
        "it belongs to a step: the metadata of a state transaction, or the step of a binding",
        takesHeaders: true
    );

    /// <summary>Of a state transaction, which may be a step.</summary>
    public static readonly RequestNames Transaction = new(
        "a state transaction",
        [WireNames.Id, WireNames.Ack, WireNames.PartitionKey, WireNames.TtlInSeconds, .. OfSteps],
        [WireNames.Concurrency],
        "it belongs to the metadata of one of its operations"
    );

    /// <summary>Of a single read or write of state.</summary>
    public static readonly RequestNames Value = new(
        "a single operation on state",
        [WireNames.Ack, .. OfValues],
        [WireNames.Id, .. OfSteps],
        OfTransactions,
        takesWrittenBack: true
    );

    /// <summary>Of an operation inside of a state transaction.</summary>
    public static readonly RequestNames Operation = new(
        "an operation of a state transaction",
        OfValues,
        [WireNames.Id, WireNames.Ack, .. OfSteps],
        OfTransactions,
        takesWrittenBack: true
    );

    /// <summary>Of the operation extend of a binding.</summary>
    public static readonly RequestNames Extend = new(
        "the operation extend",
        [WireNames.Token],
        [WireNames.Id, WireNames.Ack, WireNames.Consume, WireNames.Emit, WireNames.Reads],
        "it belongs to a step: the metadata of a state transaction, or the step of a binding"
    );

    private readonly string _kind;
    private readonly string[] _names;
    private readonly string[] _elsewhere;
    private readonly string _where;
    private readonly bool _takesHeaders;
    private readonly bool _takesWrittenBack;
    private readonly HashSet<string> _exact;
    private readonly ConcurrentDictionary<string, bool> _harmless = new(StringComparer.Ordinal);

    private RequestNames(
        string kind,
        string[] names,
        string[] elsewhere,
        string where,
        bool takesHeaders = false,
        bool takesWrittenBack = false
    )
    {
        (_kind, _names, _elsewhere, _where) = (kind, names, elsewhere, where);
        (_takesHeaders, _takesWrittenBack) = (takesHeaders, takesWrittenBack);
        _exact = new(names, StringComparer.Ordinal);
    }

    /// <summary>
    /// The metadata with our names as they are spelled here. Throws <see cref="DarqException"/>: Invalid for a name that is misspelt or out
    /// of place, NotYet for one of a later version.
    /// </summary>
    public IReadOnlyDictionary<string, string> Read(IReadOnlyDictionary<string, string> metadata)
    {
        Dictionary<string, string>? respelled = null;
        foreach (var (name, value) in metadata)
        {
            if (_exact.Contains(name) || _harmless.ContainsKey(name))
            {
                continue;
            }

            if (Known(_names, name) is { } meant)
            {
                respelled ??= new(metadata, StringComparer.Ordinal);
                if (!respelled.TryAdd(meant, value) && respelled[meant] != value)
                {
                    throw new DarqException(
                        ErrorCode.Invalid,
                        $"INVALID: metadata {meant} is given twice with different values, also as {name}."
                    );
                }

                respelled.Remove(name);
                continue;
            }

            Check(name);
            Remember(name);
        }

        return respelled ?? metadata;
    }

    /// <summary>Whether a name is one of ours in whatever form, so that a request with other people's names takes it over.</summary>
    public bool Concerns(string name)
    {
        if (_harmless.ContainsKey(name))
        {
            return false;
        }

        if (
            name.StartsWith("darq.", StringComparison.OrdinalIgnoreCase)
            || Known(_names, name) is not null
            || Known(WireNames.NotYet, name) is not null
            || NearMiss(name) is not null
        )
        {
            return true;
        }

        // What Read would refuse is not remembered as harmless.
        if (!IsOurs(name))
        {
            Remember(name);
        }

        return false;
    }

    /// <summary>
    /// What stands behind <c>darq.</c> in a name, whatever its case and its separator, also where it has the form of a delivery's header;
    /// null for names of others.
    /// </summary>
    public static string? NameOfOurs(string name)
    {
        const string Ours = "darq";
        var bare = WireNames.Bare(name);
        return
            bare.Length > Ours.Length && bare.StartsWith(Ours, StringComparison.OrdinalIgnoreCase) && bare[Ours.Length] is '.' or '-' or '_'
            ? bare[(Ours.Length + 1)..].ToLowerInvariant()
            : null;
    }

    private void Check(string name)
    {
        if (Known(WireNames.NotYet, name) is { } later)
        {
            throw new DarqException(ErrorCode.NotYet, $"NOT_YET: metadata {later} is not available yet; send {_kind} without it.");
        }

        if (Known(_elsewhere, name) is { } misplaced)
        {
            throw new DarqException(ErrorCode.Invalid, $"INVALID: metadata {misplaced} means nothing to {_kind}; {_where}.");
        }

        // A forwarded message brings the headers of its delivery along, and a value that is written back what stood beside it.
        if (_takesHeaders && WireNames.IsOfDelivery(name) || _takesWrittenBack && WireNames.IsOfValue(name))
        {
            return;
        }

        if (IsOurs(name) || NearMiss(name) is not null)
        {
            throw Unknown(name);
        }
    }

    private void Remember(string name)
    {
        if (name.Length <= HarmlessLengthMax && _harmless.Count < HarmlessMax)
        {
            _harmless[name] = true;
        }
    }

    private static bool IsOurs(string name)
    {
        var bare = WireNames.Bare(name);
        return bare.StartsWith("darq.", StringComparison.OrdinalIgnoreCase) || bare.StartsWith("darq-", StringComparison.OrdinalIgnoreCase);
    }

    private DarqException Unknown(string name)
    {
        var bare = WireNames.Bare(name);
        var nearest = NearMiss(bare) ?? NearestName.Of(bare, _names);
        return new(
            ErrorCode.Invalid,
            $"INVALID: metadata {name} is not a name of {_kind}"
                + (nearest is null ? $"; accepted: {string.Join(", ", _names)}." : $"; did you mean {nearest}?")
        );
    }

    /// <summary>The name that was meant by one with other separators, or with one wrong letter.</summary>
    private string? NearMiss(string name)
    {
        if (name.Length > HarmlessLengthMax)
        {
            return null;
        }

        var letters = Letters(name);
        return Array.Find(_names, known => Letters(known) == letters)
            ?? (
                letters.Length < LettersForNearMiss
                    ? null
                    : NearestName.Of(name, _names.Where(known => known.Length >= LettersForNearMiss), 1)
            );
    }

    private static string Letters(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();

    private static string? Known(string[] names, string name) =>
        Array.Find(names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
}
