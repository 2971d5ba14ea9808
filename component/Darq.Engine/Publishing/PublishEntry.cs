namespace Darq.Engine.Publishing;

/// <summary>One message as a caller passes it: the bytes and the request metadata; of several also its name in errors.</summary>
internal sealed record PublishEntry(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata, string Name = "");
