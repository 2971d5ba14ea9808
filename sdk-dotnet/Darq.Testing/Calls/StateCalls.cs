using Dapr.Client.Autogen.Grpc.v1;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Requests;
using Darq.Engine.State;
using Darq.Testing.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Darq.Testing.Calls;

/// <summary>The state API of the sidecar, inside the simulated process.</summary>
internal sealed class StateCalls(ComponentProcess component)
{
    public async Task<IMessage> GetAsync(GetStateRequest request)
    {
        try
        {
            var ack = StateRequest.Ack(request.Metadata, StateItems.AckOf(request.Consistency));
            var key = StateItems.Key(request.Key, request.Metadata);
            var value = (await component.State.GetAsync([key], ack, CancellationToken.None))[0];
            var answer = new GetStateResponse { Data = StateItems.DataOf(value), Etag = value.ETag ?? "" };
            StateItems.AddMetadata(request.Key, value, answer.Metadata);
            return answer;
        }
        catch (DarqException fault)
        {
            throw CallFault.OfGet(request.StoreName, request.Key, fault);
        }
    }

    public async Task<IMessage> GetBulkAsync(GetBulkStateRequest request)
    {
        try
        {
            var values = await component.State.GetAsync(
                [.. request.Keys.Select(key => StateItems.Key(key, request.Metadata))],
                StateRequest.Ack(request.Metadata, null),
                CancellationToken.None
            );
            return new GetBulkStateResponse { Items = { values.Select((value, i) => ItemOf(request.Keys[i], value)) } };
        }
        catch (DarqException fault)
        {
            throw CallFault.OfGet(request.StoreName, string.Join(", ", request.Keys), fault);
        }
    }

    public Task<IMessage> SaveAsync(SaveStateRequest request) =>
        request.States.Any(item => item.Key.Length == 0)
            ? throw CallFault.OfKey("")
            : WriteAsync(request.States, StateItems.Upsert, "failed saving state in state store " + request.StoreName);

    public Task<IMessage> DeleteBulkAsync(DeleteBulkStateRequest request) =>
        WriteAsync(request.States, StateItems.Delete, "failed deleting state in state store " + request.StoreName);

    public Task<IMessage> DeleteAsync(DeleteStateRequest request)
    {
        var item = new StateItem
        {
            Key = request.Key,
            Etag = request.Etag,
            Options = request.Options,
        };
        item.Metadata.Add(request.Metadata);
        return WriteAsync([item], StateItems.Delete, "failed deleting state with key " + request.Key);
    }

    /// <summary>A transaction without operations never reaches the component.</summary>
    public async Task<IMessage> TransactAsync(ExecuteStateTransactionRequest request)
    {
        if (request.Operations.Count == 0)
        {
            return new Empty();
        }

        try
        {
            await component.Steps.TransactAsync([.. request.Operations.Select(Read)], request.Metadata, CancellationToken.None);
            return new Empty();
        }
        catch (DarqException fault)
        {
            throw CallFault.OfTransaction(fault);
        }
    }

    /// <summary>The tokens that a transaction names.</summary>
    public static IEnumerable<string> Consumed(ExecuteStateTransactionRequest request)
    {
        foreach (var (name, value) in request.Metadata)
        {
            if (name.Equals(WireNames.Token, StringComparison.OrdinalIgnoreCase))
            {
                yield return value;
            }
            else if (name.Equals(WireNames.Consume, StringComparison.OrdinalIgnoreCase))
            {
                foreach (var token in JsonTexts.ListOf(value))
                {
                    yield return token;
                }
            }
        }
    }

    private static StateOperation Read(TransactionalStateOperation operation)
    {
        StateRequest.CheckOperation(operation.Request.Metadata);
        return operation.OperationType switch
        {
            "upsert" => StateItems.Upsert(operation.Request),
            "delete" => StateItems.Delete(operation.Request),
            var other => throw CallFault.Of(StatusCode.Unimplemented, $"operation type {other} not supported"),
        };
    }

    private async Task<IMessage> WriteAsync(IReadOnlyList<StateItem> items, Func<StateItem, StateOperation> read, string what)
    {
        try
        {
            await component.State.ApplyAllAsync([.. items.Select(read)], CancellationToken.None);
            return new Empty();
        }
        catch (DarqException fault)
        {
            throw CallFault.OfWrite(what, fault);
        }
    }

    private static BulkStateItem ItemOf(string key, StateValue value)
    {
        var item = new BulkStateItem
        {
            Key = key,
            Data = StateItems.DataOf(value),
            Etag = value.ETag ?? "",
        };
        StateItems.AddMetadata(key, value, item.Metadata);
        return item;
    }
}
