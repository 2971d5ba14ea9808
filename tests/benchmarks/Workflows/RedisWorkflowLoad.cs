using Darq.Benchmarks.Reference;
using Darq.Protos;
using Google.Protobuf;

namespace Darq.Benchmarks.Workflows;

/// <summary>
/// The same reads and writes as plain commands: GET, MGET, and SET and DEL between MULTI and EXEC, sent together. Nothing compares an
/// etag, because no plain command does.
/// </summary>
internal sealed class RedisWorkflowLoad(WorkflowRecording recording, RawRedis redis) : WorkflowLoad(recording)
{
    private object? _answer;

    protected override void Prepare(WorkflowCall call)
    {
        switch (call)
        {
            case WorkflowRead { Keys: [var key] }:
                redis.Add("GET", Bytes(key));
                break;
            case WorkflowRead read:
                redis.Add("MGET", [.. read.Keys.Select(Bytes)]);
                break;
            case WorkflowTransaction transaction:
                Add(transaction.Request);
                break;
        }
    }

    protected override void Exchange() => _answer = redis.Exchange();

    protected override IReadOnlyList<ByteString> Take(WorkflowRead read) =>
        _answer is object?[] values ? [.. values.Select(Value)] : [Value(_answer)];

    private void Add(TransactionalStateRequest request)
    {
        redis.Add("MULTI");
        foreach (var operation in request.Operations)
        {
            if (operation.Set is { } set)
            {
                redis.Add("SET", Bytes(set.Key), set.Value);
            }
            else
            {
                redis.Add("DEL", Bytes(operation.Delete.Key));
            }
        }

        redis.Add("EXEC");
    }

    private static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);

    private static ByteString Value(object? answer) => answer is byte[] bytes ? ByteString.CopyFrom(bytes) : ByteString.Empty;
}
