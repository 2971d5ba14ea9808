namespace Darq.Sidecar.Operations;

/// <summary>The metadata key by which a publisher asks that its bytes are not wrapped.</summary>
internal static class RawPayload
{
    /// <summary>Throws <see cref="ApiException"/> if the value is there and is none of the booleans that Go reads.</summary>
    public static bool Read(string pubSub, IReadOnlyDictionary<string, string> metadata)
    {
        var value = metadata.FirstOrDefault(pair => pair.Key.Equals("rawPayload", StringComparison.OrdinalIgnoreCase)).Value ?? "";
        return value switch
        {
            "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
            "" or "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
            _ => throw new ApiException(PubSubErrors.NotABoolean(pubSub, value)),
        };
    }
}
