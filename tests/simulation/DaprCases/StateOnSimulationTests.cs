using Darq.Component.Components;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Protos;
using Darq.Tests.Contract.DaprCases;
using Darq.Tests.Simulation.Fixtures;

namespace Darq.Tests.Simulation.DaprCases;

/// <summary>The cases of state at the engine's surface, on the simulator's model of Redis.</summary>
public sealed class StateOnSimulationTests : StateConformance
{
    private protected override Task PlayAsync(Func<IStateSurface, Task> play)
    {
        using var world = new World();
        var engine = world.Start(new NamespaceOptions { Name = "sim", Partitions = 4 });
        return Task.FromResult(
            engine.Ask(async () =>
            {
                await play(new Surface(engine));
                return true;
            })
        );
    }

    private sealed class Surface(SimulatedEngine engine) : IStateSurface
    {
        private int Partitions => engine.Primary.Keys.Partitions;

        public string Key(string suffix) => suffix;

        public async Task<GetResponse> GetAsync(string key) =>
            StateRequests.ToResponse(new(key), (await engine.State.GetAsync([new(key)], CancellationToken.None))[0], Partitions);

        public async Task<IReadOnlyList<BulkStateItem>> BulkGetAsync(params IEnumerable<string> keys)
        {
            StateKey[] all = [.. keys.Select(key => new StateKey(key))];
            var values = await engine.State.GetAsync(all, CancellationToken.None);
            return [.. all.Zip(values, (key, value) => StateRequests.ToItem(key, value, Partitions))];
        }

        public Task<StateOutcome> SetAsync(SetRequest request) => ApplyAsync(() => StateRequests.Upsert(request, null));

        public Task<StateOutcome> DeleteAsync(DeleteRequest request) => ApplyAsync(() => StateRequests.Delete(request));

        public async Task<StateOutcome> BulkSetAsync(params IEnumerable<SetRequest> requests) =>
            (await Task.WhenAll(requests.Select(SetAsync))).Max();

        public async Task<StateOutcome> BulkDeleteAsync(params IEnumerable<DeleteRequest> requests) =>
            (await Task.WhenAll(requests.Select(DeleteAsync))).Max();

        public Task<StateOutcome> TransactAsync(TransactionalStateRequest request) =>
            OutcomeAsync(async () =>
            {
                var operations = request.Operations.Select(operation =>
                    operation.Set is { } set ? StateRequests.Upsert(set, null) : StateRequests.Delete(operation.Delete)
                );
                await engine.StepExecutor.TransactAsync([.. operations], request.Metadata, CancellationToken.None);
            });

        public Task DelayAsync(TimeSpan time) => Task.Delay(time, engine.Clock);

        private Task<StateOutcome> ApplyAsync(Func<StateOperation> operation) =>
            OutcomeAsync(() => engine.State.ApplyAsync(operation(), CancellationToken.None));

        private static async Task<StateOutcome> OutcomeAsync(Func<ValueTask> change)
        {
            try
            {
                await change();
                return StateOutcome.Done;
            }
            catch (DarqException refused)
            {
                return refused.Code switch
                {
                    ErrorCode.Conflict => StateOutcome.EtagMismatch,
                    ErrorCode.InvalidEtag => StateOutcome.EtagInvalid,
                    _ => StateOutcome.Refused,
                };
            }
        }
    }
}
