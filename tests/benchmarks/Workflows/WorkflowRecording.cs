using System.Globalization;
using System.Text.Json;
using Darq.Protos;
using Darq.Tests.Shared;
using Google.Protobuf;

namespace Darq.Benchmarks.Workflows;

/// <summary>
/// What a real workflow engine asked of a state store, in order, without what concerns the store as a whole. It is played again and again,
/// each time with instances of workflows that have never been there.
/// </summary>
internal sealed class WorkflowRecording(bool whole = false)
{
    private const string RecordedInstance = "||order-";

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(ignoreUnknownFields: false));

    private readonly string[] _lines = File.ReadAllLines(Repository.PathOf("tests", "recordings", "workflow-on-a-store.jsonl"));

    private long _replays;

    /// <summary>What is to be played next, with new instances: turn by turn, or the whole recording as if it were one turn.</summary>
    public IReadOnlyList<IReadOnlyList<WorkflowCall>> Next()
    {
        var turns = Turns(++_replays);
        return whole
            ?
            [
                [.. turns.SelectMany(turn => turn)],
            ]
            : turns;
    }

    /// <summary>
    /// The turns of the engine: the reads up to a transaction, and the transaction. Reads after the last transaction belong to its turn.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<WorkflowCall>> Turns(long replay)
    {
        var turns = new List<List<WorkflowCall>> { new() };
        foreach (var call in _lines.Select(line => Read(line, replay)).OfType<WorkflowCall>())
        {
            if (turns[^1].LastOrDefault() is WorkflowTransaction)
            {
                turns.Add([]);
            }

            turns[^1].Add(call);
        }

        if (turns is [.., var before, [.., WorkflowRead] last])
        {
            before.AddRange(last);
            turns.RemoveAt(turns.Count - 1);
        }

        return turns;
    }

    private static WorkflowCall? Read(string line, long replay)
    {
        var instance = string.Create(CultureInfo.InvariantCulture, $"||replay-{replay}-");
        using var document = JsonDocument.Parse(line.Replace(RecordedInstance, instance, StringComparison.Ordinal));
        var request = document.RootElement.GetProperty("request").GetRawText();
        var answer = document.RootElement.GetProperty("answer").GetRawText();
        switch (document.RootElement.GetProperty("call").GetString())
        {
            case "Get":
                var get = Parser.Parse<GetRequest>(request);
                var found = Parser.Parse<GetResponse>(answer);
                return new WorkflowRead(get, [get.Key], [new(found.Data, found.Etag?.Value)]);
            case "BulkGet":
                var gets = Parser.Parse<BulkGetRequest>(request);
                var items = Parser.Parse<BulkGetResponse>(answer).Items;
                return new WorkflowRead(
                    gets,
                    [.. gets.Items.Select(item => item.Key)],
                    [.. items.Select(item => new RecordedValue(item.Data, item.Etag?.Value))]
                );
            case "Transact":
                return new WorkflowTransaction(Parser.Parse<TransactionalStateRequest>(request));
            default:
                return null;
        }
    }
}
