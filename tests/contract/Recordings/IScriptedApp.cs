namespace Darq.Tests.Contract.Recordings;

/// <summary>The app of a scenario: writes down every call and answers by the rules.</summary>
internal interface IScriptedApp : IAsyncDisposable
{
    int Port { get; }

    Task StartAsync();

    Task StopAsync();
}
