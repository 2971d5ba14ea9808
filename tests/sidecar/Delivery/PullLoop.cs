using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// The one stream of a subscription. Opening is retried for ever; a stream that was open and ended, for whatever reason, is never opened
/// again. By default the next message is read only after the one before was answered, as daprd 1.16 to 1.18.3 do.
/// </summary>
internal sealed class PullLoop(PubSubComponent pubSub, SubscriptionManifest subscription, IDelivery delivery, bool concurrent) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private readonly InFlight _inFlight = new();
    private readonly CancellationTokenSource _cancelled = new();
    private GrpcDuplexCall? _call;
    private Task _reading = Task.CompletedTask;

    /// <summary>Opens the stream if it can be opened at once; otherwise that goes on in the background.</summary>
    public async Task StartAsync()
    {
        if (await TryOpenAsync())
        {
            _reading = ReadAsync();
        }
        else
        {
            _reading = OpenLaterAsync();
        }
    }

    /// <summary>
    /// Waits for what the app is handling, unless the delivery is not awaited, then cancels the stream. What comes meanwhile is neither
    /// handed on nor answered.
    /// </summary>
    public async Task StopAsync()
    {
        await _inFlight.CloseAsync(delivery.IsAwaitedAtStop);
        await _cancelled.CancelAsync();
        _call?.Cancel();
        await _reading;
    }

    private async Task OpenLaterAsync()
    {
        var pause = FirstPause;
        try
        {
            do
            {
                await Task.Delay(pause, _cancelled.Token);
                pause = TimeSpan.FromTicks(Math.Min((long)(pause.Ticks * 1.5), LongestPause.Ticks));
            } while (!await TryOpenAsync());
        }
        catch (OperationCanceledException)
        {
            return;
        }
        await ReadAsync();
    }

    private async Task<bool> TryOpenAsync()
    {
        try
        {
            _call?.Dispose();
            _call = pubSub.Pull(_cancelled.Token);
            var topic = new Topic { Name = pubSub.Outer(subscription.Topic) };
            foreach (var (key, value) in subscription.Metadata)
            {
                topic.Metadata[key] = value;
            }

            await _call.WriteAsync(new PullMessagesRequest { Topic = topic });
            return true;
        }
        catch (GrpcCallException fault)
        {
            SidecarLog.Warn($"failed to subscribe to topic {subscription.Topic} on {pubSub.Name}: {fault.Message}");
            return false;
        }
    }

    private async Task ReadAsync()
    {
        var call = _call!;
        while (await call.ReadAsync(PullMessagesResponse.Parser) is { } message)
        {
            var handling = HandleAsync(call, message);
            if (!concurrent)
            {
                await handling;
            }
        }
        if (!_inFlight.IsClosed)
        {
            SidecarLog.Error($"the stream of topic {subscription.Topic} on {pubSub.Name} has ended: {call.Status}");
        }
    }

    private async Task HandleAsync(GrpcDuplexCall call, PullMessagesResponse message)
    {
        if (!_inFlight.TryEnter())
        {
            return;
        }

        try
        {
            var error = await delivery.DeliverAsync(message, _cancelled.Token);
            // A failure while closing may come of the closing itself: the component hears nothing and delivers again elsewhere.
            if (error is not null && _inFlight.IsClosed)
            {
                return;
            }

            var answer = new PullMessagesRequest { AckMessageId = message.Id };
            if (error is not null)
            {
                answer.AckError = new() { Message = error };
            }

            await call.WriteAsync(answer);
        }
        catch (GrpcCallException fault)
        {
            SidecarLog.Debug($"an acknowledgement on topic {subscription.Topic} was lost: {fault.Message}");
        }
        catch (OperationCanceledException)
        {
            // The stream is cancelled, and the component hears nothing.
        }
        catch (Exception fault)
        {
            SidecarLog.Error($"a delivery on topic {subscription.Topic} failed: {fault}");
        }
        finally
        {
            _inFlight.Leave();
        }
    }

    /// <summary>Not before the stop, which cancels the stream also where it has ended already.</summary>
    public void Dispose()
    {
        _call?.Dispose();
        _cancelled.Dispose();
    }
}
