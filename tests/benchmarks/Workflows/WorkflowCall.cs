using Darq.Protos;
using Google.Protobuf;

namespace Darq.Benchmarks.Workflows;

/// <summary>One recorded call, with what it is to be answered.</summary>
internal abstract record WorkflowCall;

/// <summary>Reads of values; a single one or several in one call.</summary>
internal sealed record WorkflowRead(IMessage Request, IReadOnlyList<string> Keys, IReadOnlyList<RecordedValue> Values) : WorkflowCall;

internal sealed record WorkflowTransaction(TransactionalStateRequest Request) : WorkflowCall;

/// <summary>A value that was found when the recording was made; no data and no etag where there was none.</summary>
internal sealed record RecordedValue(ByteString Data, string? Etag);
