namespace Darq.Engine.Core;

/// <summary>Why a request had no effect. The host translates it into a gRPC status; the name is the first word of the text.</summary>
internal enum ErrorCode
{
    /// <summary>The request itself is wrong; repeating it changes nothing.</summary>
    Invalid,

    /// <summary>The feature is part of the design but not of this version.</summary>
    NotYet,

    /// <summary>Redis cannot be reached, or gave no answer in time. The outcome may be unknown; the text says so.</summary>
    Unavailable,

    /// <summary>A setting of Redis or of the component makes every call impossible until it is changed.</summary>
    Misconfigured,

    /// <summary>The topic, or Redis itself, has no room for now.</summary>
    Full,

    /// <summary>An etag did not match, or a first write found a value.</summary>
    Conflict,

    /// <summary>The etag is not one that this component issued.</summary>
    InvalidEtag,

    /// <summary>The delivery belongs to an earlier owner of its lane.</summary>
    Fenced,

    /// <summary>The message was consumed earlier and the result of that step is no longer kept.</summary>
    Stale,

    /// <summary>The step touches several partitions and <c>crossPartitionSteps</c> forbids that.</summary>
    CrossPartition,

    /// <summary>A message, a key or a step is over its limit.</summary>
    TooLarge,

    /// <summary>An earlier request failed between two writes to this partition; an operator has to repair it.</summary>
    Broken,
}
