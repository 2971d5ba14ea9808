using System.Diagnostics;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Tests.Integration.Fixtures;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>Replicas of an app share the lanes of a topic: on a real Redis, as they come, go, stop and vanish.</summary>
[Collection(Undisturbed.Name)]
[Trait("Lane", "Slow")]
public sealed class SharingTests : IAsyncLifetime
{
    private const string ReadLanes =
        "local lanes = {} for i, header in ipairs(KEYS) do lanes[i] = redis.call('HGET', header, 'l:g:t') or '' end return lanes";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly Record _record = new();
    private readonly List<Replica> _replicas = [];
    private RedisServer _redis = null!;
    private EngineRun _publisher = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _publisher = await EngineRun.StartAsync(_redis.Port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
        {
            await replica.DisposeAsync();
        }

        await _publisher.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Both_of_two_replicas_deliver_from_about_half_of_the_lanes()
    {
        var (a, b) = (await StartAsync(), await StartAsync());
        await SettledAsync(a, b);

        await PublishAsync(0, 300);
        await DeliveredAsync(300);

        Assert.InRange(a.Deliveries, 60, 240);
        Assert.Equal(300, a.Deliveries + b.Deliveries);
        Assert.Empty(_record.Wrong);
    }

    [Fact]
    public async Task Replicas_come_and_go_under_load_without_a_repetition_a_gap_or_two_at_once_and_move_only_their_share()
    {
        static Task HandleAsync(string message) => Task.Delay(Random.Shared.Next(20));
        var (a, b) = (await StartAsync(HandleAsync), await StartAsync(HandleAsync));
        var two = await SettledAsync(a, b);
        using var enough = new CancellationTokenSource();
        var publishing = PublishUntilAsync(enough.Token);

        var c = await StartAsync(HandleAsync);
        var three = await SettledAsync(a, b, c);
        c.Stream.Pause(); // what a sidecar that shuts down does first
        var again = await SettledAsync(a, b);
        await c.DisposeAsync();
        await enough.CancelAsync();
        var published = await publishing;
        await DeliveredAsync(published);

        Assert.All(three.Zip(two).Where(lane => lane.First != lane.Second), lane => Assert.Equal(c.Session, lane.First));
        Assert.Equal(two, again);
        Assert.Empty(_record.Wrong);
        Assert.All(
            Enumerable.Range(0, 40),
            key =>
                Assert.Equal(
                    Enumerable.Range(0, published).Where(i => i % 40 == key).Select(i => $"k{key}/{i}"),
                    _record.OrderOf($"k{key}")
                )
        );
    }

    [Fact]
    public async Task What_a_killed_replica_held_is_delivered_by_another_within_five_seconds()
    {
        var a = await StartAsync(_ => Task.Delay(Timeout.Infinite));
        await PublishAsync(0, 10);
        await DeliveredAsync(10);
        var b = await StartAsync();

        await a.KillAsync();
        var clock = Stopwatch.StartNew();

        await Eventually.TrueAsync(() => b.Deliveries == 10, Soon, "what the killed one had was not delivered");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task What_a_replica_gives_back_at_a_clean_stop_is_delivered_without_waiting_for_its_heartbeat_to_lapse()
    {
        var a = await StartAsync(_ => Task.Delay(Timeout.Infinite));
        await PublishAsync(0, 10);
        await DeliveredAsync(10);
        var b = await StartAsync();
        await Eventually.TrueAsync(async () => (await OwnersAsync()).Contains(b.Session), Soon, "the second got no lane");

        await a.DisposeAsync();
        var clock = Stopwatch.StartNew();

        await Eventually.TrueAsync(() => b.Deliveries == 10, Soon, "what the stopped one had was not delivered");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Membership.Lapse - Membership.Beat);
    }

    [Fact]
    public async Task A_long_handler_keeps_its_lane_neither_starving_it_nor_being_given_its_message_twice()
    {
        var finish = new TaskCompletionSource();
        var a = await StartAsync(message => message.StartsWith("slow", StringComparison.Ordinal) ? finish.Task : Task.CompletedTask);
        await SettledAsync(a);
        var b = await PrepareAsync();
        var partition = Array.FindIndex(Assignment(a, b), owner => owner == b.Session);
        var slow = KeysOf(partition).First();
        var quick = KeysOf(partition).Skip(1).First();
        await PublishAsync(("slow" + slow + "/1", slow));
        await DeliveredAsync(1);

        b.Join();
        await SettledAsync(but: partition, a, b);
        await PublishAsync((quick + "/2", quick));
        await Eventually.TrueAsync(() => _record.DeliveriesOf(quick + "/2") == 1, TimeSpan.FromSeconds(4), "the lane starved");
        Assert.Equal(2, a.Deliveries);

        finish.SetResult();
        await SettledAsync(a, b);
        Assert.Empty(_record.Wrong);
    }

    [Fact]
    public async Task From_the_second_death_at_one_message_its_lane_goes_one_at_a_time_until_past_it()
    {
        var partition = PartitionHash.Of("a", 64);
        var messages = KeysOf(partition).Take(4).Select(key => (key + "/1", key)).ToArray();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var dying = await StartAsync(_ => Task.Delay(Timeout.Infinite));
            if (_record.Count == 0)
            {
                await PublishAsync(messages);
            }

            await Eventually.TrueAsync(() => dying.Deliveries == 4, Soon, "the messages of different keys did not go out together");
            await dying.KillAsync();
        }

        var first = new TaskCompletionSource();
        var last = await StartAsync(_ => first.Task);
        await Eventually.TrueAsync(() => last.Deliveries > 0, Soon, "the lane was not taken over");
        await Task.Delay(500);
        Assert.Equal((1, 3), (last.Deliveries, _record.DeliveriesOf(messages[0].Item1)));
        first.SetResult();
        await Eventually.TrueAsync(() => last.Deliveries == 4, Soon, "the lane did not go on past the message");
    }

    [Fact]
    public async Task A_replica_that_comes_back_after_others_took_over_drops_what_it_had_and_takes_its_share_again()
    {
        var stuck = new TaskCompletionSource();
        var a = await StartAsync(message => message.StartsWith('k') ? stuck.Task : Task.CompletedTask);
        await PublishAsync(0, 10);
        await DeliveredAsync(10);
        var b = await PrepareAsync();
        var share = Assignment(a, b).Count(owner => owner == a.Session);

        a.Run.Redis.Freeze();
        b.Join();
        await SettledAsync(b);
        await Eventually.TrueAsync(() => b.Deliveries == 10, Soon, "what the silent one had was not delivered");
        a.Run.Redis.Thaw();
        stuck.SetResult();
        await SettledAsync(a, b);

        // Lanes in which nothing was on the way, too, are delivered from by one of them only.
        await PublishAsync([.. Enumerable.Range(0, 200).Select(i => ($"after{i}/1", $"after{i}"))]);
        await DeliveredAsync(210);
        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal(1, _record.DeliveriesOf($"after{i}/1")));
        Assert.InRange(a.Deliveries, 10 + share, 210);
    }

    [Fact]
    public async Task While_nobody_comes_or_goes_nobody_claims_anything()
    {
        Replica[] all = [await StartAsync(), await StartAsync(), await StartAsync()];
        await SettledAsync(all);
        await PublishAsync(0, 100);
        await DeliveredAsync(100);
        var (claims, beats) = (Claims(), Calls("beat"));

        await Task.Delay(TimeSpan.FromSeconds(3));

        Assert.Equal(claims, Claims());
        Assert.InRange(Calls("beat") - beats, 3, 3 * 7);

        int Claims() => Calls("claim");
        int Calls(string function) => all.Sum(replica => replica.Run.Redis.CallsOf(function));
    }

    private async Task<Replica> StartAsync(Func<string, Task>? handle = null)
    {
        var replica = await PrepareAsync(handle);
        replica.Join();
        return replica;
    }

    private async Task<Replica> PrepareAsync(Func<string, Task>? handle = null)
    {
        var replica = await Replica.PrepareAsync(_redis.Port, _record, handle);
        _replicas.Add(replica);
        return replica;
    }

    private static string[] Assignment(params Replica[] replicas) =>
        Rendezvous.Assign([.. replicas.Select(replica => replica.Session)], MembershipSnapshot.Name("g", "t"), 64);

    private static IEnumerable<string> KeysOf(int partition) =>
        Enumerable.Range(0, int.MaxValue).Select(i => $"x{i}").Where(key => PartitionHash.Of(key, 64) == partition);

    private Task<string[]> SettledAsync(params Replica[] replicas) => SettledAsync(but: -1, replicas);

    /// <summary>Waits until each lane, except one, is held by the replica that should hold it, and answers the holders.</summary>
    private async Task<string[]> SettledAsync(int but, params Replica[] replicas)
    {
        var assignment = Assignment(replicas);
        return await Eventually.ValueAsync(
            OwnersAsync,
            owners => !owners.Where((owner, p) => p != but && owner != assignment[p]).Any(),
            Soon * 2,
            "the lanes did not come to those who should hold them"
        );
    }

    private async Task<string[]> OwnersAsync()
    {
        var headers = Enumerable.Range(0, 64).Select(_publisher.Primary.Keys.PartitionHeader);
        var lanes = await _redis.CliAsync(["EVAL", ReadLanes, "64", .. headers]);
        return [.. lanes.Split('\n').Select(lane => LaneNumbers.Parse(lane).Owner)];
    }

    private Task PublishAsync(int first, int count) =>
        PublishAsync([.. Enumerable.Range(first, count).Select(i => ($"k{i % 40}/{i}", $"k{i % 40}"))]);

    private async Task PublishAsync(params (string Message, string Key)[] messages)
    {
        foreach (var (message, key) in messages)
        {
            await _publisher.PublishAsync("t", message, ("partitionKey", key), ("darq.id", message));
        }
    }

    private async Task<int> PublishUntilAsync(CancellationToken enough)
    {
        var published = 0;
        while (!enough.IsCancellationRequested)
        {
            await PublishAsync(published++, 1);
        }

        return published;
    }

    private Task DeliveredAsync(int count) =>
        Eventually.TrueAsync(() => _record.Count == count, Soon, $"not all of {count} messages were delivered");
}
