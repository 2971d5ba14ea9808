using Darq.Protos;

namespace Darq.Tests.Contract.DaprCases;

/// <summary>How a change of state ended, as far as Dapr's suite looks at it.</summary>
internal enum StateOutcome
{
    Done,
    EtagMismatch,
    EtagInvalid,
    Refused,
}

/// <summary>A state store where a case meets it: behind the component's socket, or at the surface of the engine.</summary>
internal interface IStateSurface
{
    /// <summary>A key that no other case uses.</summary>
    string Key(string suffix);

    Task<GetResponse> GetAsync(string key);

    Task<IReadOnlyList<BulkStateItem>> BulkGetAsync(params IEnumerable<string> keys);

    Task<StateOutcome> SetAsync(SetRequest request);

    Task<StateOutcome> DeleteAsync(DeleteRequest request);

    Task<StateOutcome> BulkSetAsync(params IEnumerable<SetRequest> requests);

    Task<StateOutcome> BulkDeleteAsync(params IEnumerable<DeleteRequest> requests);

    Task<StateOutcome> TransactAsync(TransactionalStateRequest request);

    Task DelayAsync(TimeSpan time);
}
