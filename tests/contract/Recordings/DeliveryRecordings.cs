using Xunit;

namespace Darq.Tests.Contract.Recordings;

public sealed class DeliveryRecordings : RecordedScenarios
{
    public static TheoryData<string> Names => Beginning("deliver", "bulk", "dead-letter", "namespace", "subscriptions", "sizes", "stream");

    [Theory]
    [MemberData(nameof(Names))]
    public Task Sidecar_says_what_daprd_said(string scenario) => PlayAsync(scenario);
}
