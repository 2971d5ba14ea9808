using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Events;
using Google.Protobuf;

namespace Darq.Sidecar.Operations;

/// <summary>
/// One item of a state request, the same from either API. Its key has been checked and has its prefix. The value is bytes from a gRPC
/// caller and JSON from an HTTP caller; what has neither cannot be written.
/// </summary>
internal sealed record StateItem(string OuterKey)
{
    public ByteString? Bytes { get; init; }

    public JsonElement? Json { get; init; }

    public string ContentType { get; init; } = "";

    public string? Etag { get; init; }

    public StateOptions Options { get; init; } = new();

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Throws <see cref="NilValueException"/> where there is no value.</summary>
    public SetRequest ToSet()
    {
        var request = new SetRequest
        {
            Key = OuterKey,
            Value = Bytes ?? Written(),
            ContentType = ContentType,
            Options = Options,
            Etag = Etag is null ? null : new() { Value = Etag },
        };
        request.Metadata.Set(Metadata);
        return request;
    }

    public DeleteRequest ToDelete()
    {
        var request = new DeleteRequest
        {
            Key = OuterKey,
            Options = Options,
            Etag = Etag is null ? null : new() { Value = Etag },
        };
        request.Metadata.Set(Metadata);
        return request;
    }

    private ByteString Written() =>
        Json is { } json ? UnsafeByteOperations.UnsafeWrap(GoJson.Write(json, GoNumbers.Floats)) : throw new NilValueException();
}

/// <summary>An operation of a state transaction: a write, or a deletion.</summary>
internal sealed record StateOperation(StateItem Item, bool IsUpsert)
{
    public TransactionalStateOperation ToMessage() => IsUpsert ? new() { Set = Item.ToSet() } : new() { Delete = Item.ToDelete() };
}

/// <summary>An upsert without a value, which the sidecar refuses before the component sees anything.</summary>
internal sealed class NilValueException() : Exception("an attempt to set a nil value was received, try to use Delete instead");
