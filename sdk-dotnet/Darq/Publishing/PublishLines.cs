namespace Darq.Publishing;

/// <summary>
/// Several messages of one call: those of one key are a line, in which each waits for the one before; the lines go beside each other. Once
/// a message ended without an answer no other is begun, because the sidecar would be waited for once more for each.
/// </summary>
internal sealed class PublishLines(MessagePublisher publisher, string topic, PreparedMessage[] messages)
{
    private const int ParallelCalls = 16;

    private readonly FailedPublish?[] _failures = new FailedPublish?[messages.Length];
    private volatile string? _unanswered;

    public async Task<PublishReport> PublishAsync(CancellationToken cancellationToken)
    {
        var lines = Enumerable.Range(0, messages.Length).GroupBy(i => (messages[i].Key, messages[i].Key is null ? i : -1));
        var several = new ParallelOptions { MaxDegreeOfParallelism = ParallelCalls, CancellationToken = cancellationToken };
        await Parallel
            .ForEachAsync(lines, several, async (line, token) => await PublishAsync(line, token).ConfigureAwait(false))
            .ConfigureAwait(false);
        return new PublishReport(topic, [.. _failures.OfType<FailedPublish>()]);
    }

    private async Task PublishAsync(IEnumerable<int> line, CancellationToken cancellationToken)
    {
        string? failed = null;
        foreach (var i in line)
        {
            var id = messages[i].Id;
            var why =
                failed is not null ? $"message {failed} of its key was not, either."
                : _unanswered is { } other ? $"it was not tried, because the sidecar did not answer for message {other}."
                : null;
            if (why is not null)
            {
                _failures[i] = new FailedPublish(id, outcome: null, $"The message {id} for topic {topic} was not published: {why}");
            }
            else if (await publisher.PublishAsync(topic, messages[i], cancellationToken).ConfigureAwait(false) is { } failure)
            {
                (_failures[i], failed) = (new FailedPublish(id, failure.Outcome, failure.Message) { Cause = failure }, id);
                _unanswered ??= failure.Outcome == StepOutcome.Unknown ? id : null;
            }
        }
    }
}
