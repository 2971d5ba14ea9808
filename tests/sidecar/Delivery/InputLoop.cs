using System.Globalization;
using System.Text;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// The stream of one input binding. Every message goes to the app at once, whatever else is under way, and the app's whole answer goes
/// back with the acknowledgement. A stream that cannot be opened, or that ended, stays closed.
/// </summary>
internal sealed class InputLoop(InputBindingComponent binding, AppChannel app) : IDisposable
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
        if (WrongLength(message) is { } complaint)
        {
            return Failed(message, $"error invoking app: Post \"{app.Url(binding.Route)}\": {complaint}");
        }

        var trace = TraceParent.Next(message.Metadata.GetValueOrDefault("traceparent"));
        var answer = await app.DeliverAsync(
            binding.Route,
            message.Data.Memory,
            ContentTypes.Json,
            message.Metadata,
            trace,
            message.Metadata.GetValueOrDefault("tracestate"),
            _cancelled.Token
        );
        if (answer.Failure is { } failure)
        {
            return Failed(message, "error invoking app: " + failure);
        }

        return answer.IsSuccess
            ? new() { MessageId = message.MessageId, ResponseData = UnsafeByteOperations.UnsafeWrap(answer.Body) }
            : Failed(
                message,
                $"fails to send binding event to http app channel, status code: {answer.Status} body: "
                    + $"{Encoding.UTF8.GetString(answer.Body)}"
            );
    }

    // Unlike a topic's, a binding's metadata may name a length, and Go's client then holds the body to it.
    private static string? WrongLength(ReadResponse message)
    {
        foreach (var (key, value) in message.Metadata)
        {
            if (
                key.Equals("content-length", StringComparison.OrdinalIgnoreCase)
                && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                && length != message.Data.Length
            )
            {
                return $"http: ContentLength={length} with Body length {message.Data.Length}";
            }
        }

        return null;
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
