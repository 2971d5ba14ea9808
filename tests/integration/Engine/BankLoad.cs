namespace Darq.Tests.Integration.Engine;

/// <summary>Writers of a bank at work, until they are stopped or the test is over, however it ends.</summary>
internal sealed class BankLoad : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;

    private BankLoad(Bank bank, EngineRun run, int first, int count) =>
        _writing = Task.WhenAll(Enumerable.Range(first, count).Select(writer => bank.WriteAsync(run, writer, _stop.Token)));

    /// <summary>Begins with so many writers, whose numbers go up from the first.</summary>
    public static BankLoad Start(Bank bank, EngineRun run, int first, int count) => new(bank, run, first, count);

    /// <summary>Ends when no request is on its way any more; fails as a writer did.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _writing;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }
}
