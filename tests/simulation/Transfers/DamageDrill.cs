using System.Globalization;
using Darq.Engine.Core;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// In calm weather a key of one partition is damaged, and nothing else goes wrong: messages of the other partitions are taken and
/// delivered meanwhile, and those of that one once it is mended.
/// </summary>
internal sealed class DamageDrill(Simulation world)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private int _notes;

    public void Run(App publisher)
    {
        var (vandal, damaged) = (new Vandal(world), world.Random.Next(world.Namespace.Partitions));
        var isDamaged = vandal.Damage(damaged);
        // A round of heartbeats and a whole round of claims meet it.
        world.Loop.RunFor(TimeSpan.FromSeconds(2));
        foreach (var partition in Enumerable.Range(0, world.Namespace.Partitions).Where(partition => partition != damaged))
        {
            Deliver(publisher, partition, $"while a key of partition {damaged} was damaged");
        }

        if (isDamaged)
        {
            vandal.Mend();
        }

        Deliver(publisher, damaged, "after its key was mended");
    }

    private void Deliver(App publisher, int partition, string when)
    {
        var note = NoteOf(partition);
        publisher.PublishNote(note);
        if (!world.Loop.RunUntil(() => world.Bank.Notes.IsRead(note.Id), Patience))
        {
            world.Complain($"a note of partition {partition} was not read within {Patience} {when}");
        }
    }

    private Transfer NoteOf(int partition)
    {
        string id;
        do
        {
            id = string.Create(CultureInfo.InvariantCulture, $"drill-{++_notes}");
        } while (PartitionHash.Of(id, world.Namespace.Partitions) != partition);

        return new(id, "", 0, "", "", 0);
    }
}
