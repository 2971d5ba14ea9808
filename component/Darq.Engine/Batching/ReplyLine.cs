using Darq.Engine.Core;

namespace Darq.Engine.Batching;

/// <summary>The first word of a reply line.</summary>
internal enum ReplyCode
{
    Ok,

    /// <summary>Took effect by an earlier request.</summary>
    Duplicate,
    Conflict,

    /// <summary>What it consumes was consumed before.</summary>
    Stale,

    /// <summary>A topic takes nothing more.</summary>
    Full,

    /// <summary>A lane that it names is another's.</summary>
    Fenced,

    /// <summary>Its partition refuses writes until it is repaired.</summary>
    Broken,

    /// <summary>It failed before its first write.</summary>
    Error,

    /// <summary>None that this version knows.</summary>
    Unknown,
}

/// <summary>What Redis answers to one request of a batch: a code, and words that the request understands.</summary>
internal readonly ref struct ReplyLine
{
    private readonly string _line;

    public ReplyLine(string line)
    {
        _line = line;
        ReadOnlySpan<char> rest = line;
        var code = NextWord(ref rest);
        Rest = rest;
        Code = code switch
        {
            "OK" => ReplyCode.Ok,
            "DUPLICATE" => ReplyCode.Duplicate,
            "CONFLICT" => ReplyCode.Conflict,
            "STALE" => ReplyCode.Stale,
            "FULL" => ReplyCode.Full,
            "FENCED" => ReplyCode.Fenced,
            "BROKEN" => ReplyCode.Broken,
            "ERROR" => ReplyCode.Error,
            _ => ReplyCode.Unknown,
        };
    }

    public ReplyCode Code { get; }

    /// <summary>What stands after the code.</summary>
    public ReadOnlySpan<char> Rest { get; }

    /// <summary>Takes the first word off.</summary>
    public static ReadOnlySpan<char> NextWord(ref ReadOnlySpan<char> words)
    {
        var space = words.IndexOf(' ');
        var word = space < 0 ? words : words[..space];
        words = space < 0 ? [] : words[(space + 1)..];
        return word;
    }

    /// <summary>Why a request was refused, where the code is none that it has an answer of its own for.</summary>
    public DarqException ToException() =>
        Code switch
        {
            ReplyCode.Broken => new(
                ErrorCode.Broken,
                $"BROKEN: a partition refuses writes since a request failed in the middle of it: {_line}. darq doctor "
                    + "says why, darq repair mends it."
            ),
            ReplyCode.Fenced => new(
                ErrorCode.Fenced,
                "FENCED: the delivery belongs to an earlier owner of its lane; the message was or will be delivered again, and "
                    + "this attempt changed nothing."
            ),
            _ => new(ErrorCode.Misconfigured, $"MISCONFIGURED: Redis answered a request with: {_line}."),
        };

    public override string ToString() => _line;
}
