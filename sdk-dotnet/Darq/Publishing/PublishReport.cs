namespace Darq;

/// <summary>What became of the messages that <see cref="IDarqClient.PublishAllAsync"/> was given.</summary>
public sealed class PublishReport
{
    private const int ShownIds = 10;

    internal PublishReport(string topic, IReadOnlyList<FailedPublish> failed) => (Topic, Failed) = (topic, failed);

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>The messages that were not published, or may not have been, in the order given; all others are published.</summary>
    public IReadOnlyList<FailedPublish> Failed { get; }

    /// <summary>Does nothing where all messages are published.</summary>
    /// <exception cref="StepException">
    /// Some are not, or may not be; the text has their ids and why the first failed. Its outcome is that of the first, or
    /// <see cref="StepOutcome.Unknown"/> where any message may have been published.
    /// </exception>
    public void ThrowIfFailed()
    {
        if (Failed is [var first, ..])
        {
            var ids = string.Join(", ", Failed.Take(ShownIds).Select(failed => failed.Id)) + (Failed.Count > ShownIds ? ", …" : "");
            var outcome = Failed.Any(failed => failed.Outcome == StepOutcome.Unknown) ? StepOutcome.Unknown : first.Outcome;
            throw new StepException(outcome ?? StepOutcome.Unknown, $"{Failed.Count} messages failed: {ids}. {first.Text}", first.Cause);
        }
    }
}

/// <summary>A message that was not published, or may not have been.</summary>
public sealed class FailedPublish
{
    internal FailedPublish(string id, StepOutcome? outcome, string text) => (Id, Outcome, Text) = (id, outcome, text);

    /// <summary>The message's id.</summary>
    public string Id { get; }

    /// <summary>
    /// Why: as of the <see cref="StepException"/> of <see cref="IDarqClient.PublishAsync"/>. Null where it was not tried, because an
    /// earlier message of its key failed, which it would have overtaken, or another message had no answer.
    /// </summary>
    public StepOutcome? Outcome { get; }

    /// <summary>The same in words.</summary>
    public string Text { get; }

    internal StepException? Cause { get; init; }
}
