using Darq.Protos;
using Darq.Sidecar.Apps;
using Darq.Sidecar.Components;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// The stream of one input binding. Every message goes to the app at once, whatever else is under way, and the app's whole answer goes
/// back with the acknowledgement. A stream that cannot be opened, or that ended, stays closed.
/// </summary>
internal sealed class InputLoop(InputBindingComponent binding, IApp app, AnsweredOutputs outputs) : IDisposable
{
    private readonly InFlight _inFlight = new();
    private readonly CancellationTokenSource _cancelled = new();
    private GrpcDuplexCall? _call;
    private Task _reading = Task.CompletedTask;

    public void Start()
    {
        _call = binding.Read(_cancelled.Token);
        _reading = ReadAsync(_call);
    }

    /// <summary>Waits for what the app is handling, then cancels the stream. What comes meanwhile is refused.</summary>
    public async Task StopAsync()
    {
        await _inFlight.CloseAsync();
        await _cancelled.CancelAsync();
        _call?.Cancel();
        await _reading;
    }

    private async Task ReadAsync(GrpcDuplexCall call)
    {
        while (await call.ReadAsync(ReadResponse.Parser) is { } message)
        {
            _ = HandleAsync(call, message);
        }

        if (!_inFlight.IsClosed)
        {
            SidecarLog.Error($"the stream of input binding {binding.Name} has ended: {call.Status}");
        }
    }

    private async Task HandleAsync(GrpcDuplexCall call, ReadResponse message)
    {
        var entered = _inFlight.TryEnter();
        try
        {
            await call.WriteAsync(entered ? await DeliverAsync(message) : Refused(message, "input binding is closed"));
        }
        catch (GrpcCallException fault)
        {
            SidecarLog.Debug($"an answer of input binding {binding.Name} was lost: {fault.Message}");
        }
        catch (Exception fault)
        {
            SidecarLog.Error($"a delivery of input binding {binding.Name} failed: {fault}");
        }
        finally
        {
            if (entered)
            {
                _inFlight.Leave();
            }
        }
    }

    private async Task<ReadRequest> DeliverAsync(ReadResponse message)
    {
        var answer = await app.TakeAsync(binding, message, _cancelled.Token);
        if (answer.Failure is { } failure)
        {
            return Failed(message, failure);
        }

        await outputs.SendAsync(answer, binding.Name, _cancelled.Token);
        return new() { MessageId = message.MessageId, ResponseData = answer.Data };
    }

    private ReadRequest Failed(ReadResponse message, string reason)
    {
        SidecarLog.Warn($"error from app consumer for binding [{binding.Name}]: {reason}");
        return Refused(message, reason);
    }

    private static ReadRequest Refused(ReadResponse message, string reason) =>
        new()
        {
            MessageId = message.MessageId,
            ResponseError = new() { Message = reason },
        };

    /// <summary>Not before the stop, which cancels the stream also where it has ended already.</summary>
    public void Dispose()
    {
        _call?.Dispose();
        _cancelled.Dispose();
    }
}
