using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// The same cases for every foreign client. A case that a client reports but this list does not name, or the other way
/// round, is a failure too: a case cannot silently drop out.
/// </summary>
public abstract class ClientConformanceTests(ClientRun run)
{
    private static readonly string[] Names =
    [
        "sixteen_mib_up",
        "oversize_request_is_refused",
        "oversize_response_is_refused",
        "thousand_concurrent_calls_on_one_connection",
        "error_details",
        "unexpected_fault_is_internal_and_hidden",
        "unknown_method_and_service",
        "compressed_request_is_refused",
        "deadline",
        "client_cancels_unary",
        "server_streaming",
        "client_streaming",
        "duplex_answers_before_half_close",
        "headers_come_before_any_message",
        "client_cancels_stream",
        "server_ends_the_stream_first",
        "reflection_v1_lists_services",
        "reflection_v1alpha_lists_services",
        "health_check",
        "health_watch",
    ];

    public static TheoryData<string> Cases => [.. Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Foreign_client_is_served(string name)
    {
        var outcome = run.Outcome(name);
        Assert.True(outcome.Ok, outcome.Detail);
    }

    [Fact]
    public void Client_reports_exactly_the_named_cases() => Assert.Equal(Names.Order(), run.Names.Order());

    [Fact]
    public void No_call_is_open_after_the_client_has_gone() => Assert.Equal(0, run.OpenCallsAfterwards);

    [Fact]
    public void Only_the_unexpected_fault_is_logged()
    {
        var line = Assert.Single(run.Errors);
        Assert.Equal("/darq.conformance.Conformance/Throw failed with an unexpected fault.", line.Text);
    }
}

public sealed class NodeClientTests(NodeRun run) : ClientConformanceTests(run), IClassFixture<NodeRun>;

public sealed class PythonClientTests(PythonRun run) : ClientConformanceTests(run), IClassFixture<PythonRun>;
