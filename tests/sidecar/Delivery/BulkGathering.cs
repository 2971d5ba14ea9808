using System.Threading.Channels;
using Darq.Protos;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Delivery;

/// <summary>A message that waits for its bulk, and then for the answer.</summary>
internal sealed record WaitingMessage(PullMessagesResponse Message)
{
    private readonly TaskCompletionSource<string?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string?> Answered => _answer.Task;

    public void Answer(string? error) => _answer.TrySetResult(error);
}

/// <summary>Answers every message of a bulk, or throws.</summary>
internal delegate Task BulkHandler(IReadOnlyList<WaitingMessage> bulk, CancellationToken cancellation);

/// <summary>
/// Gathers messages until a bulk is full or has waited long enough; an immediate one takes what is there. The next bulk is begun when the
/// one before was handed over and answered.
/// </summary>
internal sealed class BulkGathering(BulkSettings settings, bool isImmediate, BulkHandler handler)
{
    // Full, it holds back whoever adds: there is no use in reading on while a whole bulk waits.
    private readonly Channel<WaitingMessage> _waiting = Channel.CreateBounded<WaitingMessage>(settings.MaxMessages);
    private readonly Lock _lock = new();
    private Task? _loop;

    /// <summary>The answer for the message. The first call's token ends everything.</summary>
    public async Task<string?> AddAsync(PullMessagesResponse message, CancellationToken cancellation)
    {
        lock (_lock)
        {
            _loop ??= RunAsync(cancellation);
        }

        var waiting = new WaitingMessage(message);
        await _waiting.Writer.WriteAsync(waiting, cancellation);
        return await waiting.Answered.WaitAsync(cancellation);
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(cancellation))
            {
                await TryAsync(await GatherAsync(cancellation), cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // Whoever waits hears of it by the same token.
        }
    }

    private async Task TryAsync(List<WaitingMessage> bulk, CancellationToken cancellation)
    {
        try
        {
            await handler(bulk, cancellation);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            SidecarLog.Error($"a bulk delivery failed: {fault}");
            bulk.ForEach(waiting => waiting.Answer(fault.Message));
        }
    }

    private async Task<List<WaitingMessage>> GatherAsync(CancellationToken cancellation)
    {
        var bulk = new List<WaitingMessage>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(isImmediate ? TimeSpan.Zero : settings.MaxWait);
        while (bulk.Count < settings.MaxMessages)
        {
            if (_waiting.Reader.TryRead(out var waiting))
            {
                bulk.Add(waiting);
                continue;
            }

            try
            {
                await _waiting.Reader.WaitToReadAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                break;
            }
        }

        return bulk;
    }
}
