using System.Text;
using Darq.Engine.Core;
using Darq.Engine.State;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>Reads of values that come together, on a real Redis.</summary>
public sealed class ReadTests : EngineTests
{
    private const int Keys = 300;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Task.WhenAll(Enumerable.Range(0, Keys).Select(i => WriteAsync(i, $"value {i}")));
    }

    [Fact]
    public async Task What_comes_while_a_call_is_under_way_is_asked_for_together_and_each_read_gets_its_own()
    {
        Run.Redis.Freeze();
        var reads = Enumerable.Range(0, Keys).Select(i => Run.ReadAsync(Key(i))).ToArray();
        Assert.Equal(1, Run.Redis.CallsOf("get"));
        Run.Redis.Thaw();

        Assert.Equal(Enumerable.Range(0, Keys).Select(i => $"value {i}"), await Task.WhenAll(reads));
        // One, then 256 and the rest.
        Assert.Equal(3, Run.Redis.CallsOf("get"));
    }

    [Fact]
    public async Task Reads_go_on_after_others_were_given_up()
    {
        using var givenUp = new CancellationTokenSource();
        Run.Redis.Freeze();
        var reads = Enumerable.Range(0, Keys).Select(i => Run.State.GetAsync([new(Key(i))], givenUp.Token).AsTask()).ToArray();
        await givenUp.CancelAsync();
        foreach (var read in reads)
        {
            await Assert.ThrowsAsync<OperationCanceledException>(() => read);
        }

        Run.Redis.Thaw();

        Assert.Equal("value 7", await Run.ReadAsync(Key(7)));
    }

    [Fact]
    public async Task A_read_that_follows_a_write_sees_it_whatever_else_is_being_read()
    {
        using var enough = new CancellationTokenSource();
        var others = Enumerable
            .Range(0, 8)
            .Select(_ =>
                Task.Run(async () =>
                {
                    while (!enough.IsCancellationRequested)
                    {
                        await Run.ReadAsync(Key(1));
                    }
                })
            )
            .ToArray();

        for (var i = 0; i < 500; i++)
        {
            await WriteAsync(0, $"{i}");
            Assert.Equal($"{i}", await Run.ReadAsync(Key(0)));
        }

        await enough.CancelAsync();
        await Task.WhenAll(others);
    }

    [Theory]
    [InlineData("SET", "planted")]
    [InlineData("SET", "1-1 0")]
    [InlineData("SET", "")]
    [InlineData("RPUSH", "planted")]
    public async Task A_key_that_somebody_else_wrote_fails_only_the_reads_of_it(string command, string planted)
    {
        var key = (await Redis.CliAsync("KEYS", "*:s:" + Key(5))).Trim();
        await Redis.CliAsync("DEL", key);
        await Redis.CliAsync(command, key, planted);
        Run.Redis.Freeze();
        var reads = Enumerable.Range(0, 10).Select(i => Run.ReadAsync(Key(i))).ToArray();
        var bulk = Run.State.GetAsync([new(Key(4)), new(Key(5))], default).AsTask();
        Run.Redis.Thaw();

        var fault = await Assert.ThrowsAsync<DarqException>(() => reads[5]);
        Assert.Equal(ErrorCode.Misconfigured, fault.Code);
        Assert.Contains($"'{Key(5)}'", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<DarqException>(() => bulk);
        foreach (var i in new[] { 0, 4, 6, 9 })
        {
            Assert.Equal($"value {i}", await reads[i]);
        }

        await WriteAsync(5, "ours again");
        Assert.Equal("ours again", await Run.ReadAsync(Key(5)));
    }

    private static string Key(int i) => $"app||key {i}";

    private Task WriteAsync(int i, string value) =>
        Run.State.ApplyAsync(new(StateChange.Upsert, new(Key(i))) { Value = Encoding.UTF8.GetBytes(value) }, default).AsTask();
}
