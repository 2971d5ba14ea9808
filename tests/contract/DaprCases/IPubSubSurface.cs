namespace Darq.Tests.Contract.DaprCases;

/// <summary>A pub/sub where a case meets it: behind the component's socket, or at the surface of the engine.</summary>
internal interface IPubSubSurface
{
    /// <summary>A topic that no other case uses.</summary>
    string Topic(string name);

    Task PublishAsync(string topic, string data, string? key = null);

    Task BulkPublishAsync(string topic, params IEnumerable<string> data);

    /// <summary>Subscribes until it is disposed. The handler says whether it took the message.</summary>
    Task<IAsyncDisposable> SubscribeAsync(string topic, Func<string, Task<bool>> handler);

    Task DelayAsync(TimeSpan time);
}
