using System.Globalization;
using System.Text.Json;
using Darq.Steps;
using Microsoft.Extensions.Options;

namespace Darq.Sidecar;

/// <summary>Asks the output binding to wait until something is durable.</summary>
internal sealed class DurabilityBarrier(ISidecar sidecar, IOptions<DarqOptions> options, TimeProvider time)
{
    public static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(1);

    /// <summary>True once it is durable; false where the level of durability promises nothing.</summary>
    public async Task<bool> WaitAsync(IReadOnlyList<string> positions, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (options.Value.Binding is not { } binding)
        {
            throw new InvalidOperationException(
                "A barrier goes over an output binding; set Darq:Binding to the name of a component of type bindings.darq."
            );
        }

        if (timeout is { } given && (given < ShortestTimeout || given > LongestTimeout))
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), given, $"accepted: {ShortestTimeout} to {LongestTimeout}.");
        }

        ReadOnlyMemory<byte> answer;
        try
        {
            answer = await CallTime
                .LimitAsync(
                    "The barrier",
                    token => sidecar.InvokeBindingAsync("barrier", Write(positions, timeout), token),
                    time,
                    cancellationToken,
                    (timeout ?? TimeSpan.Zero) + CallTime.Longest
                )
                .ConfigureAwait(false);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            var error = CallError.Of(failure);
            throw new StepException(error.Outcome, $"The barrier was not reached: {error.Text}", failure);
        }

        return Read(binding, answer);
    }

    private static byte[] Write(IReadOnlyList<string> positions, TimeSpan? timeout) =>
        StepJson.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("positions"u8);
            foreach (var position in positions)
            {
                json.WriteStringValue(position);
            }

            json.WriteEndArray();
            if (timeout is { } longest)
            {
                json.WriteString("timeout"u8, string.Create(CultureInfo.InvariantCulture, $"{(long)longest.TotalMilliseconds}ms"));
            }

            json.WriteEndObject();
        });

    private static bool Read(string binding, ReadOnlyMemory<byte> answer)
    {
        string outcome;
        string text;
        bool isDurable;
        try
        {
            using var json = JsonDocument.Parse(answer);
            outcome = json.RootElement.GetProperty("outcome"u8).GetString() ?? "";
            text = json.RootElement.TryGetProperty("message"u8, out var message) ? message.GetString() ?? "" : "";
            isDurable = json.RootElement.TryGetProperty("durable"u8, out var durable) && durable.GetBoolean();
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            var why = $"The answer of the binding {binding} (Darq:Binding) is none to a barrier; is it of type bindings.darq?";
            throw new StepException(StepOutcome.Unknown, why, other);
        }

        return outcome == "OK" ? isDurable : throw new StepException(CallError.OfWord(outcome), $"The barrier was not reached: {text}");
    }
}
