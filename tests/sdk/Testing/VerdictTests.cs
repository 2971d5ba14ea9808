using System.Net;
using Darq.Testing.Apps;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

/// <summary>What the test host makes of an app's answer is what a sidecar does.</summary>
public sealed class VerdictTests
{
    [Theory]
    [InlineData("", "Taken")]
    [InlineData("{}", "Taken")]
    [InlineData("[]", "Taken")]
    [InlineData("text", "Taken")]
    [InlineData("""{"status":"SUCCESS"}""", "Taken")]
    [InlineData("""{"Status":"RETRY"}""", "Failed")]
    [InlineData("""{"status":"RETRY"}""", "Failed")]
    [InlineData("""{"status":"DROP"}""", "Dropped")]
    [InlineData("""{"status":"shipped"}""", "Failed")]
    [InlineData("""{"status":200}""", "Taken")]
    [InlineData("""{"status":null}""", "Taken")]
    public async Task Body_of_a_success_decides(string body, string verdict)
    {
        using var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body) };

        Assert.Equal(verdict, $"{(await Verdict.OfAsync(answer)).Kind}");
    }

    [Theory]
    [InlineData(404, "Dropped")]
    [InlineData(500, "Failed")]
    [InlineData(302, "Failed")]
    public async Task Any_other_status_decides_by_itself(int status, string verdict)
    {
        using var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent("""{"status":"SUCCESS"}""") };

        Assert.Equal(verdict, $"{(await Verdict.OfAsync(answer)).Kind}");
    }
}
