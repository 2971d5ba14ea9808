using System.Text.Json;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Acks;
using Darq.Testing.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// No message is given up before it failed as often as it may, whoever held it meanwhile. Watched at every dead letter. One that killed
/// its handlers is judged by the deaths of its owners, which no app sees.
/// </summary>
internal sealed class DeathInvariants(Simulation world)
{
    public void Watch() => world.Server.Changed += Check;

    private void Check(Change change)
    {
        foreach (
            var words in change.Commands.Where(words => words[0] == "XADD" && words[1].EndsWith(Bank.DeadLetters, StringComparison.Ordinal))
        )
        {
            using var metadata = JsonDocument.Parse(words[Array.IndexOf(words, "m", 3) + 1]);
            var id = Named(metadata, WireNames.DeadId);
            var failures = world.AtWork.FailuresOf(Bank.Watchers, id);
            if (Named(metadata, WireNames.DeadReason) == DeadLetter.DeliveriesFailed && failures < Bank.MaxDeliveries)
            {
                world.Complain($"{id} was given up after {failures} of {Bank.MaxDeliveries} failures");
            }
        }
    }

    private static string Named(JsonDocument metadata, string name) => metadata.RootElement.GetProperty(name).GetString()!;
}
