using System.Globalization;
using System.Text.Json;
using Darq.Steps;
using Microsoft.Extensions.Options;

namespace Darq.Sidecar;

/// <summary>Asks the output binding to wait until something is durable, as often as it has to.</summary>
internal sealed class DurabilityBarrier(ISidecar sidecar, IOptions<DarqOptions> options, TimeProvider time)
{
    /// <summary>How long one call waits.</summary>
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ShortestCall = TimeSpan.FromMilliseconds(100);

    private static readonly Dictionary<string, string> NoMetadata = [];

    /// <summary>
    /// Returns once it is durable, or the level of durability promises nothing. What is not known yet, as while replicas are away, is asked
    /// for again within the time given; null waits as long as the token does.
    /// </summary>
    public async Task<BarrierAnswer> WaitAsync(IReadOnlyList<string> positions, TimeSpan? within, CancellationToken cancellationToken)
    {
        if (options.Value.Binding is not { } binding)
        {
            throw new InvalidOperationException(
                "A barrier goes over an output binding; set Darq:Binding to the name of a component of type bindings.darq."
            );
        }

        if (within <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(within), within, "accepted: a time above zero, or null.");
        }

        var start = time.GetTimestamp();
        var pauses = new Pauses(positions.Count > 0 ? positions[0] : "", TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
        while (true)
        {
            var left = within - time.GetElapsedTime(start);
            var (answer, fault) = await TryAsync(binding, positions, left, cancellationToken).ConfigureAwait(false);
            if (fault is null)
            {
                return answer;
            }

            var isPassing = fault.Outcome is StepOutcome.Unknown or StepOutcome.Full;
            if (!isPassing || time.GetElapsedTime(start) >= within)
            {
                throw fault;
            }

            await Task.Delay(pauses.Next(), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(BarrierAnswer Answer, StepException? Fault)> TryAsync(
        string binding,
        IReadOnlyList<string> positions,
        TimeSpan? left,
        CancellationToken cancellationToken
    )
    {
        var timeout =
            left is not { } rest || rest > LongestCall ? LongestCall
            : rest > ShortestCall ? rest
            : ShortestCall;
        try
        {
            var answer = await CallTime
                .LimitAsync(
                    "The barrier",
                    token => sidecar.InvokeBindingAsync("barrier", Write(positions, timeout), NoMetadata, token),
                    time,
                    cancellationToken,
                    timeout + CallTime.Longest
                )
                .ConfigureAwait(false);
            return Read(binding, answer);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            var error = CallError.Of(failure);
            return (default, NotReached(error.Outcome, error.Text, failure));
        }
    }

    private static byte[] Write(IReadOnlyList<string> positions, TimeSpan timeout) =>
        StepJson.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("positions"u8);
            foreach (var position in positions)
            {
                json.WriteStringValue(position);
            }

            json.WriteEndArray();
            json.WriteString("timeout"u8, string.Create(CultureInfo.InvariantCulture, $"{(long)timeout.TotalMilliseconds}ms"));
            json.WriteEndObject();
        });

    private static (BarrierAnswer Answer, StepException? Fault) Read(string binding, ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            var outcome = json.RootElement.GetProperty("outcome"u8).GetString() ?? "";
            if (outcome != "OK")
            {
                var text = json.RootElement.TryGetProperty("message"u8, out var message) ? message.GetString() ?? "" : "";
                return (default, NotReached(CallError.OfWord(outcome), text));
            }

            var worldLine = long.Parse(json.RootElement.GetProperty("worldLine"u8).GetString() ?? "", CultureInfo.InvariantCulture);
            var isDurable = json.RootElement.TryGetProperty("durable"u8, out var durable) && durable.GetBoolean();
            return (new BarrierAnswer(isDurable, worldLine), null);
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            var why = $"the answer of the binding {binding} (Darq:Binding) is none to a barrier; is it of type bindings.darq?";
            return (default, NotReached(StepOutcome.Refused, why, other));
        }
    }

    private static StepException NotReached(StepOutcome outcome, string text, Exception? cause = null) =>
        new(outcome, $"The barrier was not reached: {text}", cause);
}

/// <summary>A barrier that was reached.</summary>
/// <param name="IsDurable">False where the level of durability in force promises nothing.</param>
/// <param name="WorldLine">The one in which it was reached.</param>
internal readonly record struct BarrierAnswer(bool IsDurable, long WorldLine);
