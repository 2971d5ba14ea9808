using Darq.Lanes;
using Darq.Partitions;
using Darq.Publishing;
using Darq.Redis;
using Darq.State;

namespace Darq.Steps;

/// <summary>A message that a step consumes, and where to ask for the incarnation under which its lane is held at the moment of sending.</summary>
internal readonly record struct Consumption(DeliveryToken Token, Func<string> Incarnation);

/// <summary>A step as a request of a batch. What it does not name is empty.</summary>
internal sealed class StepRequest(NamespaceOptions options) : BatchRequest("step")
{
    /// <summary>The partition that keeps the result: that of the first consumed message, else of the step id or the first key.</summary>
    public required int Home { get; init; }

    public string Id { get; init; } = "";

    public IReadOnlyList<Consumption> Consumed { get; init; } = [];

    public IReadOnlyList<StateWrite> Operations { get; init; } = [];

    public IReadOnlyList<Append> Emits { get; init; } = [];

    public override int Size => 64 + 96 * Consumed.Count + Operations.Sum(operation => operation.Size) + Emits.Sum(emit => emit.Size);

    public override bool Frees => Emits.Count == 0 && Consumed.Count == 0 && Operations.All(operation => operation.Operation.Change == StateChange.Delete);

    // Its record or the consumed message tells a second execution; without either, writing the same values again
    // changes nothing but etags, so only a guarded write could be told a false conflict.
    public override bool Repeatable => Id.Length > 0 || Consumed.Count > 0
        || Emits.All(emit => emit.Id.Length > 0) && Operations.All(operation => string.IsNullOrEmpty(operation.Operation.ETag) && !operation.Operation.FirstWrite);

    /// <summary>How many partitions it touches.</summary>
    public int Partitions => Consumed.Select(consumed => consumed.Token.Partition)
        .Concat(Operations.Select(operation => operation.Partition))
        .Concat(Emits.Select(emit => emit.Partition)).Distinct().Count();

    public override void Write(BatchWriter writer)
    {
        writer.Add(writer.Place(Home));
        writer.Add(Id);
        writer.Add((long)options.StepRetention.TotalMilliseconds);
        writer.Add(Consumed.Count);
        foreach (var (token, incarnation) in Consumed)
        {
            writer.Add(writer.Place(token.Partition));
            writer.Add(Keys.Encode(token.Group));
            writer.Add(Keys.Encode(token.Topic));
            writer.Add(incarnation());
            writer.Add(token.Message.WorldLine);
            writer.Add(token.Message.Number);
        }
        writer.Add(Operations.Count);
        foreach (var operation in Operations) operation.Write(writer);
        writer.Add(Emits.Count);
        foreach (var emit in Emits) emit.Write(writer, options);
    }
}
