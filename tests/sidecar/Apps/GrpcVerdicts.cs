using Darq.Protos.Runtime;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;
using Status = Darq.Protos.Runtime.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Darq.Sidecar.Apps;

/// <summary>What the answer of a gRPC app means, and that of a streaming client, in daprd's words.</summary>
internal static class GrpcVerdicts
{
    private const string Retriable = "retriable error occurred";

    /// <summary>The status of one event.</summary>
    public static Verdict Of(Status status, string id) =>
        status switch
        {
            Status.Success => Verdict.Taken,
            Status.Retry => Verdict.Failed($"RETRY status returned from app while processing pub/sub event {id}: {Retriable}"),
            Status.Drop => Verdict.Dropped($"DROP status returned from app while processing pub/sub event {id}"),
            _ => Verdict.Failed(
                $"unknown status returned from app while processing pub/sub event {id}, status: {(int)status}, err: {Retriable}"
            ),
        };

    /// <summary>A call that failed. An app without the method has taken the event, and nothing of it is dead-lettered.</summary>
    public static Verdict Of(GrpcStatus status, string id)
    {
        if (status.Code != GrpcCode.Unimplemented)
        {
            return Verdict.Failed($"error returned from app while processing pub/sub event {id}: {Retriable}: {status}");
        }

        SidecarLog.Warn($"non-retriable error returned from app while processing pub/sub event {id}: {status}");
        return Verdict.Taken;
    }

    public static IReadOnlyList<Verdict> Of(TopicEventBulkResponse answer, EventBulk bulk)
    {
        var statuses = new Dictionary<string, Status>();
        foreach (var entry in answer.Statuses)
        {
            statuses[entry.EntryId] = entry.Status;
        }

        return [.. bulk.Entries.Select(entry => OfEntry(entry.Id, statuses.TryGetValue(entry.Id, out var status) ? status : null))];
    }

    public static IReadOnlyList<Verdict> Of(GrpcStatus status, EventBulk bulk)
    {
        var verdict =
            status.Code == GrpcCode.Unimplemented
                ? Verdict.Taken
                : Verdict.Failed($"error returned from app while processing bulk pub/sub event: {status}");
        return [.. bulk.Entries.Select(_ => verdict)];
    }

    private static Verdict OfEntry(string id, Status? status) =>
        status switch
        {
            null => Verdict.Failed($"response not received, RETRY required while processing bulk subscribe event for entry id: {id}"),
            Status.Success => Verdict.Taken,
            Status.Retry => Verdict.Failed($"RETRY status returned from app while processing pub/sub event for entry id: {id}"),
            Status.Drop => Verdict.Dropped($"DROP status returned from app while processing pub/sub event for entry id: {id}"),
            // The two blanks are daprd's.
            _ => Verdict.Failed($"unknown status returned from app while processing pub/sub event  for entry id {id}: {(int)status}"),
        };
}
