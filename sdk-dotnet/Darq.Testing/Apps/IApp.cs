namespace Darq.Testing.Apps;

/// <summary>One running process of the app, as far as the test host needs it.</summary>
internal interface IApp : IAsyncDisposable
{
    /// <summary>Its services, among them those that the test replaced.</summary>
    IServiceProvider Services { get; }

    /// <summary>Starts it, and returns a client for its endpoints. Throws what its start throws.</summary>
    HttpClient Start();

    /// <summary>What it logged of a delivery that failed, once; null for nothing.</summary>
    DeliveryFailures.Failure? TakeFailure(string delivery);

    /// <summary>What its start may be waiting for, in a sentence.</summary>
    string DescribeStart();
}
