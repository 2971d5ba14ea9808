using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace Darq.Benchmarks.Client;

/// <summary>Answers every delivery after a transaction that consumes it: what an app does whose handler takes one step.</summary>
internal sealed class StepLoad : PullLoad
{
    private const int PrefixBytes = 5;
    private const int MetadataField = 2;
    private static readonly byte[] TokenName = Encoding.ASCII.GetBytes("darq.token");

    private readonly Method _transact;
    private readonly Template _request;
    private readonly Action<Template> _next;
    private readonly Transactions _transactions;
    private byte[] _message = new byte[8192];

    /// <summary>Takes the transaction without its token, and what makes the next one of it.</summary>
    public StepLoad(LoadConnection connection, string pubSub, string state, string topic, IMessage request, Action<Template> next)
        : base(connection, pubSub, topic)
    {
        _transact = new("TransactionalStateStore", "Transact", state);
        (_request, _next, _transactions) = (new(request), next, new(this));
    }

    protected override void Handle(Work work)
    {
        _next(_request);
        Connection.Start(_transact, _transactions, WithToken(work.Token)).Tag = work;
    }

    /// <summary>Fields may come in any order, so the entry with the token goes to the end of what is serialised already.</summary>
    private ReadOnlySpan<byte> WithToken(ReadOnlySpan<byte> token)
    {
        Span<byte> entry = stackalloc byte[token.Length + 32];
        var length = Fields.Write(entry, 1, TokenName);
        length += Fields.Write(entry[length..], 2, token);
        var whole = _request.Bytes.Length + length + 8;
        if (_message.Length < whole)
        {
            _message = new byte[whole];
        }

        _request.Bytes.CopyTo(_message);
        var end = _request.Bytes.Length;
        end += Fields.Write(_message.AsSpan(end), MetadataField, entry[..length]);
        BinaryPrimitives.WriteInt32BigEndian(_message.AsSpan(1), end - PrefixBytes);
        return _message.AsSpan(0, end);
    }

    private sealed class Transactions(StepLoad owner) : ICallSink
    {
        public void Received(Call call, ReadOnlySpan<byte> message) { }

        public void Completed(Call call) => owner.Done((Work)call.Tag!);
    }
}
