using System.Collections.Concurrent;
using Darq.Tests.Integration.EndToEnd.Subscribers;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>What holds for every way to subscribe: a step takes effect once, whatever becomes of its handler or its sidecar.</summary>
public abstract class SubscriberTests : IAsyncLifetime
{
    private const int Orders = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private RedisServer _redis = null!;
    private Subscriber _subscriber = null!;
    private Pod _pod = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _subscriber = await StartSubscriberAsync();
        _pod = await Pod.StartAsync(_redis, "shop", _subscriber.App);
        await _subscriber.SubscribeAsync(_pod.Sidecar);
    }

    public async ValueTask DisposeAsync()
    {
        await _subscriber.DisposeAsync();
        await _pod.DisposeAsync();
        await _redis.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_step_takes_effect_once_although_handlers_throw_and_steps_and_messages_are_repeated()
    {
        var attempts = new ConcurrentDictionary<int, int>();
        _subscriber.Handler = async (data, token) =>
        {
            var order = data.GetInt32();
            var attempt = attempts.AddOrUpdate(order, 1, (_, last) => last + 1);
            if (order % 3 == 0 && attempt == 1)
            {
                throw new InvalidOperationException("the first attempt fails");
            }

            (await _pod.StepAsync(token, $"order-{order}", attempt)).EnsureSuccessStatusCode();
            (await _pod.StepAsync(token, $"order-{order}", -1)).EnsureSuccessStatusCode();
        };
        for (var order = 0; order < Orders; order++)
        {
            await _pod.PublishPatientlyAsync("orders", $"o{order}", order);
            await _pod.PublishPatientlyAsync("orders", $"o{order}", order);
        }

        await Eventually.TrueAsync(() => Task.FromResult(_subscriber.Handled.Count >= Orders), Patience, "every order was handled");
        Assert.Equal(Enumerable.Range(0, Orders), _subscriber.Handled.Select(int.Parse).Order());
        for (var order = 0; order < Orders; order++)
        {
            Assert.Equal(order % 3 == 0 ? "2" : "1", await _pod.ReadAsync($"order-{order}"));
        }
    }

    [Fact]
    public async Task A_message_whose_sidecar_dies_in_the_middle_comes_again_and_its_step_takes_effect_once()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sidecarIsBack = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var attempts = 0;
        _subscriber.Handler = async (_, token) =>
        {
            var attempt = Interlocked.Increment(ref attempts);
            if (attempt == 1)
            {
                entered.SetResult();
                await sidecarIsBack.Task;
                throw new InvalidOperationException("the first attempt fails");
            }

            (await _pod.StepAsync(token, "order", attempt)).EnsureSuccessStatusCode();
        };
        await _pod.PublishAsync("orders", "o7", 7);
        await entered.Task.WaitAsync(Patience);

        await _pod.Sidecar.RestartAsync();
        sidecarIsBack.SetResult();

        await Eventually.TrueAsync(() => Task.FromResult(!_subscriber.Handled.IsEmpty), Patience, "the message came again");
        Assert.Equal("2", await _pod.ReadAsync("order"));
        Assert.Equal(["7"], _subscriber.Handled);
    }

    private protected abstract Task<Subscriber> StartSubscriberAsync();
}

[Trait("Lane", "Slow")]
public sealed class GrpcSubscriberTests : SubscriberTests
{
    private protected override Task<Subscriber> StartSubscriberAsync() => GrpcSubscriber.StartAsync();
}

[Trait("Lane", "Slow")]
public sealed class StreamingSubscriberTests : SubscriberTests
{
    private protected override Task<Subscriber> StartSubscriberAsync() => StreamingSubscriber.StartAsync();
}

[Trait("Lane", "Slow")]
public sealed class BulkSubscriberTests : SubscriberTests
{
    private protected override Task<Subscriber> StartSubscriberAsync() => BulkSubscriber.StartAsync();
}
