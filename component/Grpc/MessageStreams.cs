using System.Buffers;

namespace Darq.Grpc;

/// <summary>The messages a client sends on one call, in their order. One read at a time.</summary>
internal interface IMessageReader<T>
{
    /// <summary>The next message, or null once the client has closed its side.</summary>
    ValueTask<T?> ReadAsync(CancellationToken cancellation);
}

/// <summary>The messages a client receives on one call, in their order. One write at a time.</summary>
internal interface IMessageWriter<T>
{
    /// <summary>
    /// Completes when flow control has accepted the message, so a client that does not read holds its writer back. A write
    /// that is cancelled while it waits resets the call: part of the message may have been sent.
    /// </summary>
    ValueTask WriteAsync(T message, CancellationToken cancellation);

    /// <summary>The same for a message that encodes itself, which has to be as a <typeparamref name="T"/> is.</summary>
    ValueTask WriteEncodedAsync(IEncodedMessage message, CancellationToken cancellation);
}

/// <summary>A protobuf message that encodes itself, where the objects of a generated one would cost more than its bytes.</summary>
internal interface IEncodedMessage
{
    int CalculateSize();

    /// <summary>Writes as many bytes as <see cref="CalculateSize"/> said.</summary>
    void WriteTo(IBufferWriter<byte> output);
}
