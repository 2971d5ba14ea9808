using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>Transactions of up to 64 MiB and 100,000 operations, steps of up to 16 MiB.</summary>
[Trait("Lane", "Slow")]
public sealed class LargeRequestTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Nothing = [];

    private RedisServer _redis = null!;
    private EngineRun _run = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _run = await EngineRun.StartAsync(_redis.Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Hundred_thousand_operations_are_one_transaction()
    {
        var upserts = Enumerable.Range(0, Limits.MaxOperations).Select(i => Upsert($"k{i}", 8)).ToArray();
        await _run.StepExecutor.TransactAsync(upserts, Nothing, default);
        Assert.NotNull(await ETagAsync("k99999"));

        var deletes = upserts.Select(upsert => new StateOperation(StateChange.Delete, upsert.Key)).ToArray();
        await _run.StepExecutor.TransactAsync(deletes, Nothing, default);
        Assert.Null(await ETagAsync("k0"));
        Assert.Null(await ETagAsync("k99999"));
    }

    [Fact]
    public async Task Sixty_mebibytes_are_one_transaction_and_small_calls_go_on_beside_several()
    {
        var large = Enumerable.Range(0, 3).Select(n => TransactAsync($"large{n}", count: 20)).ToArray();
        var small = 0;
        while (!Task.WhenAll(large).IsCompleted)
        {
            await _run.StepExecutor.TransactAsync([Upsert("small", 8)], Nothing, default);
            small++;
        }

        await Task.WhenAll(large);
        Assert.True(small > 0);
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 3).Select(n => ETagAsync($"large{n}-19"))), Assert.NotNull);
    }

    [Fact]
    public async Task A_large_transaction_fails_as_a_whole()
    {
        var operations = Enumerable.Range(0, 10).Select(i => Upsert($"all{i}", 3 << 20)).ToList();
        operations.Add(Upsert("guarded", 8) with { ETag = "1-1" });

        var refused = await Assert.ThrowsAsync<DarqException>(async () =>
            await _run.StepExecutor.TransactAsync(operations, Nothing, default)
        );

        Assert.Equal(ErrorCode.Conflict, refused.Code);
        Assert.Null(await ETagAsync("all0"));
    }

    [Fact]
    public async Task A_step_may_have_16_MiB_and_a_transaction_64()
    {
        var withId = new Dictionary<string, string> { ["darq.id"] = "once" };
        var fits = Enumerable.Range(0, 5).Select(i => Upsert($"step{i}", 3 << 20)).ToArray();
        var tooLarge = fits.Append(Upsert("step5", 2 << 20)).ToArray();

        await _run.StepExecutor.TransactAsync(fits, withId, default);
        var step = await Assert.ThrowsAsync<DarqException>(async () => await _run.StepExecutor.TransactAsync(tooLarge, withId, default));
        await _run.StepExecutor.TransactAsync(tooLarge, Nothing, default);
        var transaction = await Assert.ThrowsAsync<DarqException>(() => TransactAsync("over", count: 22));

        Assert.Equal((ErrorCode.TooLarge, ErrorCode.TooLarge), (step.Code, transaction.Code));
        Assert.Contains("at most 16,777,216 (16 MiB)", step.Message, StringComparison.Ordinal);
        Assert.Contains("at most 67,108,864 (64 MiB)", transaction.Message, StringComparison.Ordinal);
    }

    private async Task TransactAsync(string name, int count) =>
        await _run.StepExecutor.TransactAsync(
            [.. Enumerable.Range(0, count).Select(i => Upsert($"{name}-{i}", 3 << 20))],
            Nothing,
            default
        );

    private async Task<string?> ETagAsync(string key) => (await _run.State.GetAsync([new StateKey(key)], default))[0].ETag;

    private static StateOperation Upsert(string key, int bytes) => new(StateChange.Upsert, new StateKey(key)) { Value = new byte[bytes] };
}
