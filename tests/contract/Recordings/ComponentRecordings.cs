using Xunit;

namespace Darq.Tests.Contract.Recordings;

public sealed class ComponentRecordings : RecordedScenarios
{
    public static TheoryData<string> Names => Beginning("component");

    [Theory]
    [MemberData(nameof(Names))]
    public Task Sidecar_says_what_daprd_said(string scenario) => PlayAsync(scenario);
}
