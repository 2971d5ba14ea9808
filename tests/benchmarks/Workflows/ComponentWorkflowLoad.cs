using Darq.Benchmarks.Client;
using Darq.Protos;
using Google.Protobuf;

namespace Darq.Benchmarks.Workflows;

/// <summary>The recorded calls as they are, but for the etags: the component's own stand where the recorded ones stood.</summary>
internal sealed class ComponentWorkflowLoad(WorkflowRecording recording, LoadConnection connection, string instance)
    : WorkflowLoad(recording)
{
    private readonly Method _get = new("StateStore", "Get", instance);
    private readonly Method _bulkGet = new("StateStore", "BulkGet", instance);
    private readonly Method _transact = new("TransactionalStateStore", "Transact", instance);
    private readonly Dictionary<string, string> _etags = [];
    private Method? _method;
    private byte[] _request = [];
    private byte[] _answer = [];

    protected override void Prepare(WorkflowCall call)
    {
        IMessage request;
        (_method, request) = call switch
        {
            WorkflowRead { Request: GetRequest get } => (_get, (IMessage)get),
            WorkflowRead bulk => (_bulkGet, bulk.Request),
            _ => (_transact, WithEtags(((WorkflowTransaction)call).Request)),
        };
        _request = Template.Framed(request);
    }

    protected override void Exchange() => _answer = connection.Ask(_method!, _request);

    protected override IReadOnlyList<ByteString> Take(WorkflowRead read)
    {
        (ByteString Data, Etag? Etag)[] found;
        if (read.Request is GetRequest)
        {
            var answer = GetResponse.Parser.ParseFrom(_answer);
            found = [(answer.Data, answer.Etag)];
        }
        else
        {
            found = [.. BulkGetResponse.Parser.ParseFrom(_answer).Items.Select(item => (item.Data, (Etag?)item.Etag))];
        }

        foreach (var (value, recorded) in found.Zip(read.Values))
        {
            if (recorded.Etag is not null && value.Etag is not null)
            {
                _etags[recorded.Etag] = value.Etag.Value;
            }
        }

        return [.. found.Select(value => value.Data)];
    }

    private TransactionalStateRequest WithEtags(TransactionalStateRequest request)
    {
        foreach (var operation in request.Operations)
        {
            if ((operation.Set?.Etag ?? operation.Delete?.Etag) is { } etag)
            {
                etag.Value = _etags[etag.Value];
            }
        }

        return request;
    }
}
