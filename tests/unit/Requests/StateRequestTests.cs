using Darq.Engine.Core;
using Darq.Engine.Requests;
using Darq.Engine.State;
using Xunit;

namespace Darq.Tests.Unit.Requests;

/// <summary>When a request of the state API wants to be answered.</summary>
public sealed class StateRequestTests
{
    private static readonly Dictionary<string, string> None = [];
    private static readonly Dictionary<string, string> Speculative = new() { ["DARQ.ACK"] = "speculative" };

    [Fact]
    public void What_the_metadata_say_goes_before_the_consistency() =>
        Assert.Equal(AckLevel.Speculative, Upsert(AckLevel.Durable, Speculative).Ack);

    [Fact]
    public void Without_it_the_consistency_counts() =>
        Assert.Equal((AckLevel.Speculative, null), (Upsert(AckLevel.Speculative, None).Ack, Upsert(null, None).Ack));

    [Fact]
    public void A_delete_has_a_level_too() =>
        Assert.Equal(AckLevel.Speculative, StateRequest.Delete(new("k"), new(null, default, AckLevel.Durable), Speculative).Ack);

    [Fact]
    public void Another_word_is_refused() =>
        Assert.Throws<DarqException>(() => Upsert(null, new Dictionary<string, string> { ["darq.ack"] = "soon" }));

    private static StateOperation Upsert(AckLevel? consistency, Dictionary<string, string> metadata) =>
        StateRequest.Upsert(new("k"), default, new(null, default, consistency), metadata, null);
}
