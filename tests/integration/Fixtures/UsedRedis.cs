using Darq.Tests.Fixtures;
using Darq.Tests.Shared;
using Xunit;

[assembly: AssemblyFixture(typeof(UsedRedis))]

namespace Darq.Tests.Fixtures;

/// <summary>
/// Says at the end of a test project on which servers its tests ran: by diagnostic messages, because <c>dotnet test</c> shows
/// nothing else of tests that passed.
/// </summary>
public sealed class UsedRedis : IDisposable
{
    public void Dispose()
    {
        foreach (var server in TestRedis.Used)
        {
            TestContext.Current.SendDiagnosticMessage($"ran on {server}");
        }
    }
}
