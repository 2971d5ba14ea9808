using System.Globalization;
using System.Text;
using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Retries;
using Xunit;

namespace Darq.Tests.Unit.Code;

/// <summary>The function library finds arguments by counting, so both sides must count alike.</summary>
public sealed class ArgumentWidthTests
{
    private static readonly NamespaceOptions Options = new();

    private static readonly Append Message = new()
    {
        Partition = 1,
        Topic = "t",
        Id = "i",
        Data = "d"u8.ToArray(),
    };

    private static readonly StateWrite Change = new(2, new StateOperation(StateChange.Upsert, new StateKey("k")));

    [Fact]
    public void An_append_writes_as_many_arguments_as_append_lua_reads() =>
        Assert.Equal(Width("Publishing/append.lua", @"topics\.width = (\d+)"), Written(writer => Message.Write(writer, Options)).Length);

    [Fact]
    public void A_state_operation_writes_as_many_arguments_as_state_lua_reads() =>
        Assert.Equal(Width("State/state.lua", @"state\.width = (\d+)"), Written(Change.Write).Length);

    [Theory]
    [InlineData(false, "", "i||")]
    [InlineData(true, "", "i|d|")]
    [InlineData(false, "digest", "i|r|digest")]
    public void An_append_says_how_a_duplicate_of_it_is_found(bool isNamed, string digest, string written) =>
        Assert.Equal(
            written,
            string.Join('|', Written(writer => (Message with { IsNamed = isNamed, Event = digest }).Write(writer, Options))[2..5])
        );

    [Fact]
    public void Bare_messages_write_what_they_share_once() =>
        Assert.Equal(
            ["whole", "120000", "1", "t", "1000000", "2", "ids-", "41", "d", "d"],
            Written(new BareRequest([Message, Message], "whole", new("ids-", 41), null!, Options).Write)
        );

    [Fact]
    public void A_consumed_message_writes_as_many_arguments_as_step_lua_reads()
    {
        var consumption = new Consumption(new("session", "g", "t", 3, new(1, 2), 1, "i"), () => "1.1");

        var with = Written(new StepRequest(Options) { Home = 0, Consumed = [consumption] }.Write).Length;
        var without = Written(new StepRequest(Options) { Home = 0 }.Write).Length;

        Assert.Equal(Width("Steps/step.lua", @"widths = \{ consumed = (\d+)"), with - without);
    }

    [Fact]
    public void A_read_writes_as_many_arguments_as_step_lua_reads()
    {
        var with = Written(new StepRequest(Options) { Home = 0, Reads = [new(1, "k", "1-1")] }.Write).Length;
        var without = Written(new StepRequest(Options) { Home = 0 }.Write).Length;

        Assert.Equal(Width("Steps/step.lua", @"widths = \{.* reads = (\d+) \}"), with - without);
    }

    [Fact]
    public void A_step_counts_each_of_its_lists_where_step_lua_looks_for_it()
    {
        var written = Written(
            new StepRequest(Options)
            {
                Home = 0,
                Id = "s",
                Operations = [Change, Change],
                Emits = [Message],
            }.Write
        );

        // Home, id, retention, then four lists, each after its count.
        Assert.Equal(["1", "s", "600000", "0", "0", "2"], written[..6]);
        Assert.Equal("1", written[6 + 2 * Width("State/state.lua", @"state\.width = (\d+)")]);
        Assert.Equal(3 + 4 + 2 * 6 + 11, written.Length);
    }

    [Fact]
    public void A_batch_says_of_each_request_how_many_arguments_follow()
    {
        var keys = new Keys("darq", 4);
        var writer = new BatchWriter(keys);
        writer.Add(new AckRequest("g", "t", 3, new(5, 6), expired: false, () => "5.1"));
        writer.Add(new AckRequest("g", "t", 2, new(5, 7), expired: true, () => "5.1"));

        var call = writer.ToCall("session-key", frees: true, number: 9, worldLine: 8, TimeSpan.FromSeconds(7), count: 2);

        Assert.Equal(("darq2_batch_free", "session-key"), (call.Function, call.Key));
        Assert.Equal(
            [
                "9",
                "8",
                "7000",
                "2",
                "26",
                "ack",
                "8",
                "1",
                "g",
                "t",
                "5.1",
                "consumed",
                "1",
                "5",
                "6",
                "ack",
                "8",
                "2",
                "g",
                "t",
                "5.1",
                "expired",
                "1",
                "5",
                "7",
                "2",
                Text(keys.Tag(3)),
                "2",
                "l:g:t",
                "t:t",
                Text(keys.Tag(2)),
                "2",
                "l:g:t",
                "t:t",
            ],
            call.Arguments.Select(Text)
        );
    }

    [Fact]
    public void A_message_goes_to_the_retry_queue_with_what_is_left_of_its_wait()
    {
        var now = TimeSpan.FromHours(1);
        var (lane, sequence) = (new Lane(3, Order.Key), new RetrySequence(1));
        RetryMove[] moves =
        [
            new(lane, 0, sequence, new(5, 6), now + TimeSpan.FromMilliseconds(700), 4, 300),
            new(lane, 0, sequence, new(5, 9), TimeSpan.Zero, 0, 200),
        ];

        var request = new RetryQueueRequest("g", "t", moves, () => "5.1", now);

        Assert.Equal(["1", "g", "t", "5.1", "2", "5", "6", "700", "4", "5", "9", "0", "0"], Written(request.Write));
        Assert.Equal(500, request.Size);
    }

    [Fact]
    public void A_dead_letter_names_its_message_and_its_topic()
    {
        var message = new Darq.Engine.Subscriptions.Reading.Message(
            3,
            new(5, 6),
            "i",
            "k",
            "d"u8.ToArray(),
            default,
            long.MaxValue,
            new(5, 1)
        );

        var written = Written(new DeadLetterRequest("g", "t", message, "t,dead", "{}"u8.ToArray(), 10, () => "5.1").Write);

        Assert.Equal(["1", "g", "t", "5.1", "5", "6", "t%2Cdead", DeadLetter.IdOf("g", "t", message), "{}", "10"], written);
    }

    private static int Width(string file, string pattern) =>
        LuaRules.Number(SourceTree.File("component/Darq.Engine/" + file).Text, pattern);

    private static string[] Written(Action<BatchWriter> write)
    {
        var writer = new BatchWriter(new Keys("darq", 4));
        writer.Add(new AnyRequest(write));
        var all = writer.ToCall("session-key", false, 1, 1, TimeSpan.FromSeconds(1), 1).Arguments.Select(Text).ToArray();
        // Number, world-line, life and count of the batch, place of the partitions, then name and number of arguments of the request.
        var end = int.Parse(all[4], CultureInfo.InvariantCulture) - 1;
        Assert.Equal((end - 7).ToString(CultureInfo.InvariantCulture), all[6]);
        return all[7..end];
    }

    private static string Text(RedisArgument argument) => Encoding.UTF8.GetString(argument.ToBytes());

    private sealed class AnyRequest(Action<BatchWriter> write) : BatchRequest<bool>("any")
    {
        public override int Size => 0;

        public override void Write(BatchWriter writer) => write(writer);

        protected override bool Parse(ReplyLine reply) => true;
    }
}
