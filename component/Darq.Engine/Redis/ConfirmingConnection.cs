using System.Globalization;
using Darq.Engine.Core;

namespace Darq.Engine.Redis;

/// <summary>
/// The connection on which a server is asked for its durability. WAIT holds it up, so that nothing else may use it; and what it
/// confirms is what this very connection wrote before. Calls come one at a time.
/// </summary>
internal sealed class ConfirmingConnection(RedisOptions options, TimeProvider time) : IAsyncDisposable
{
    /// <summary>
    /// WAITAOF hears of a flush when it asks for it again: one long wait would take until the replica's next report, a second.
    /// </summary>
    private const int FlushPollMs = 2;

    private static readonly TimeSpan FlushPoll = TimeSpan.FromMilliseconds(FlushPollMs);

    /// <summary>Sent too early the first wakes the server in vain.</summary>
    private const int MaxWakings = 4;

    private static readonly RedisCommand Waking = new("PING");
    private static readonly RedisCommand ClientId = new("CLIENT", "ID");
    private static readonly RedisCommand Replication = new("INFO", "replication");

    private readonly ReplicaConsoles _replicas = new(options, time);
    private readonly SemaphoreSlim _turn = new(1);

    private RedisConsole _console = new(options, time);

    private volatile bool _isOpen;

    // Of the one who confirms.
    private string _ticked = "";

    public async Task<DurabilityFacts> DescribeAsync(bool askReplicas, CancellationToken cancellation)
    {
        var answers = await ExecuteAsync(
            [
                new("INFO", "replication", "persistence", "cluster"),
                new("CONFIG", "GET", "appendfsync"),
                new("CONFIG", "GET", "no-appendfsync-on-rewrite"),
                ClientId,
                new("WAIT", "0", "1"),
                new("WAITAOF", "0", "0", "1"),
            ],
            cancellation
        );
        var server = ServerDescriptions.Fields(answers[0].TextOrNull ?? "");
        var replicas = ReplicaFields.Of(server);
        var hasWaitAof = answers[5].Error is null;
        return new()
        {
            ReplicationId = server.GetValueOrDefault("master_replid", ""),
            AppendOnly = server.GetValueOrDefault("aof_enabled") == "1",
            AppendFsync = Setting(answers[1]),
            SkipsFsyncOnRewrite = Setting(answers[2]) != "no",
            Forbidden =
                answers[3].Error is not null ? "CLIENT ID"
                : answers[4].Error is not null ? "WAIT"
                : "",
            HasWaitAof = hasWaitAof,
            IsFailedOver = options.Sentinel is not null || (replicas.Count > 0 && server.GetValueOrDefault("cluster_enabled") == "1"),
            Replicas = askReplicas && hasWaitAof ? await _replicas.AskAsync(replicas, cancellation) : replicas,
        };
    }

    public async Task<Confirmation> ConfirmAsync(
        FunctionCall tick,
        int replicas,
        bool onDisk,
        TimeSpan within,
        CancellationToken cancellation
    )
    {
        var started = time.GetTimestamp();
        var needed = Text(replicas);
        var wait = onDisk
            ? new RedisCommand("WAITAOF", "0", needed, Text(FlushPollMs))
            : new RedisCommand("WAIT", needed, Text((long)within.TotalMilliseconds));
        var answers = await ExecuteAsync([ClientId, CommandOf(tick), wait, Replication, ClientId], cancellation, wakes: onDisk);
        var (client, ticked) = (Sure(answers[0]).Text, Sure(answers[1]).Text);
        while (true)
        {
            var count = CountOf(Sure(answers[^3]), onDisk);
            if (!onDisk || count >= replicas || time.GetElapsedTime(started) >= within)
            {
                var process = ServerDescriptions.Fields(Sure(answers[^2]).Text).GetValueOrDefault("master_replid");
                return Judged(new(ticked, count, process == ticked && Sure(answers[^1]).Text == client));
            }

            answers = await ExecuteAsync([wait, Replication, ClientId], cancellation, wakes: true);
        }
    }

    public ValueTask DisposeAsync() => _console.DisposeAsync();

    private async Task<IReadOnlyList<CommandReply>> ExecuteAsync(
        IReadOnlyList<RedisCommand> commands,
        CancellationToken cancellation,
        bool wakes = false
    )
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            try
            {
                if (_isOpen)
                {
                    return await SendAsync(commands, wakes, cancellation);
                }
            }
            catch (RedisUnavailableException)
            {
                // The server was started again, or is another one: the client may take minutes to find that out.
                await DialAnewAsync();
            }

            await _console.ConnectAsync(cancellation);
            _isOpen = true;
            return await SendAsync(commands, wakes, cancellation);
        }
        catch (RedisUnavailableException)
        {
            await DialAnewAsync();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// A server that has nothing else to do sees that a wait is over when its own timer wakes it (hz: each 100 ms by default), or when
    /// something arrives: so something does.
    /// </summary>
    private async Task<IReadOnlyList<CommandReply>> SendAsync(
        IReadOnlyList<RedisCommand> commands,
        bool wakes,
        CancellationToken cancellation
    )
    {
        var answers = _console.ExecuteAsync(commands, cancellation);
        for (var sent = 0; wakes && sent < MaxWakings; sent++)
        {
            if (await Task.WhenAny(answers, Task.Delay(FlushPoll, time, cancellation)) == answers)
            {
                break;
            }

            // Answered after the others, or not at all, like them.
            _ = _console
                .ExecuteAsync([Waking], cancellation)
                .ContinueWith(
                    static failed => failed.Exception,
                    CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted,
                    TaskScheduler.Default
                );
        }

        return await answers;
    }

    private async Task DialAnewAsync()
    {
        _isOpen = false;
        await _console.DisposeAsync();
        _console = new(options, time);
    }

    /// <summary>What is not the server of the round before may be none that anybody else talks to: the next round asks who is.</summary>
    private Confirmation Judged(Confirmation confirmation)
    {
        if (!confirmation.IsOneConnection || confirmation.Tick != _ticked)
        {
            (_isOpen, _ticked) = (false, confirmation.Tick);
        }

        return confirmation;
    }

    private static RedisCommand CommandOf(FunctionCall call) =>
        new("FCALL", [call.Function, "1", call.Key!, .. call.Arguments.Select(argument => EscapedText.Decode(argument.ToBytes()))]);

    private static int CountOf(CommandReply answer, bool onDisk)
    {
        var count = onDisk ? answer.Items[1].ToString() : answer.Text;
        return int.Parse(count, CultureInfo.InvariantCulture);
    }

    private CommandReply Sure(CommandReply answer)
    {
        if (answer.Error is not { } error)
        {
            return answer;
        }

        _isOpen = false;
        throw new RedisRefusedException(error.Split(' ')[0], error);
    }

    private static string? Setting(CommandReply answer) =>
        answer.Error is null && answer.Items.Count == 2 ? CommandReply.TextOf(answer.Items[1]) : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
