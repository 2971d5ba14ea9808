using Xunit;

namespace Darq.Tests.Contract.Recordings;

public sealed class ApiRecordings : RecordedScenarios
{
    public static TheoryData<string> Names => Beginning("publish", "state", "transaction", "binding", "outbox", "tokens", "errors", "stop");

    [Theory]
    [MemberData(nameof(Names))]
    public Task Sidecar_says_what_daprd_said(string scenario) => PlayAsync(scenario);
}
