using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit;

public sealed class PrometheusTextTests
{
    private const string Good = """
        # TYPE darq_messages_appended_total counter
        # HELP darq_messages_appended_total Messages: all.
        darq_messages_appended_total{namespace="n",topic="a\"b\\c"} 3 1700000000000
        darq_messages_appended_total{namespace="m"} 4e2
        # TYPE darq_connected gauge
        darq_connected +Inf
        # EOF

        """;

    [Fact]
    public void What_the_format_allows_is_read()
    {
        var text = PrometheusText.Parse(Good);

        Assert.Equal(3, text.Samples.Count);
        Assert.Equal("a\"b\\c", text.Samples[0].Labels["topic"]);
        Assert.Equal(400, text.Value("darq_messages_appended_total", "namespace=m"));
        Assert.Equal("gauge", text.TypeOf["darq_connected"]);
    }

    [Theory]
    [InlineData("a 1")]
    [InlineData("a\n")]
    [InlineData("a b\n")]
    [InlineData("1a 1\n")]
    [InlineData("a{b=1} 1\n")]
    [InlineData("a{b=\"1\",} 1\n")]
    [InlineData("a{b=\"\\x\"} 1\n")]
    [InlineData("a{b=\"1\" 1\n")]
    [InlineData("a{b=\"1\",b=\"2\"} 1\n")]
    [InlineData("a{b=\"1\"} 1\na{b=\"1\"} 2\n")]
    [InlineData("a 1\nb 1\na{b=\"1\"} 1\n")]
    [InlineData("# TYPE a counter\n# TYPE a counter\n")]
    [InlineData("# TYPE a number\n")]
    [InlineData("a 1\n# TYPE a counter\n")]
    [InlineData("a  1\n")]
    [InlineData("a 1 x\n")]
    public void What_it_does_not_allow_is_refused(string text) => Assert.Throws<FormatException>(() => PrometheusText.Parse(text));
}
