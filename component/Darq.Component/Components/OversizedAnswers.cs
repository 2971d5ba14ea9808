using Darq.Component.Host;
using Darq.Component.Telemetry;
using Darq.Engine.Core;

namespace Darq.Component.Components;

/// <summary>
/// Refuses bulk gets whose values are together more than a sidecar takes in one answer, and logs once whose they are: a workflow with
/// such a history is stuck, and nobody else says so. Memory: at most <see cref="Max"/> prefixes; beyond it they are said again.
/// </summary>
internal sealed class OversizedAnswers(ILogger log)
{
    private const int Max = 1000;
    private const string PartEnd = "||";

    private readonly Lock _lock = new();

    // Under _lock.
    private readonly HashSet<(string Instance, string Prefix)> _said = [];

    /// <summary>Throws <see cref="DarqException"/> (TooLarge) where the answer is too large.</summary>
    public void Check(string instance, string firstKey, int values, int bytes)
    {
        if (bytes <= GrpcLimits.SendMaxBytes)
        {
            return;
        }

        var prefix = firstKey[..(firstKey.LastIndexOf(PartEnd, StringComparison.Ordinal) is var end and >= 0 ? end + PartEnd.Length : 0)];
        if (IsNews((instance, prefix)))
        {
            log.BulkGetWasTooLarge(instance, values, prefix, bytes, GrpcLimits.SendMaxBytes);
        }

        throw new DarqException(
            ErrorCode.TooLarge,
            $"TOO_LARGE: the {values:N0} values have {bytes:N0} bytes together; the sidecar takes at most {GrpcLimits.SendMaxBytes:N0} in "
                + "one answer. Read fewer at a time."
        );
    }

    private bool IsNews((string Instance, string Prefix) name)
    {
        lock (_lock)
        {
            if (_said.Count == Max)
            {
                _said.Clear();
            }

            return _said.Add(name);
        }
    }
}
