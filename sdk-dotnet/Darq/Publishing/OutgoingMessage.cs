namespace Darq;

/// <summary>One of several messages that <see cref="IDarqClient.PublishAllAsync"/> publishes.</summary>
/// <typeparam name="T">The type of the data.</typeparam>
/// <param name="id">What happened: 1 to 1,024 bytes of UTF-8, the same whenever this message is published again.</param>
/// <param name="data">The data.</param>
public sealed class OutgoingMessage<T>(string id, T data)
{
    /// <summary>What happened.</summary>
    public string Id { get; } = id;

    /// <summary>The data.</summary>
    public T Data { get; } = data;

    /// <summary>Messages of one key are handled one after the other, in order; null for one without order.</summary>
    public string? Key { get; init; }

    /// <summary>After that it is not delivered any more; whole seconds, rounded up. Null for ever.</summary>
    public TimeSpan? TimeToLive { get; init; }
}
