using System.Text.RegularExpressions;

namespace Darq.Tests.Contract.Replays;

/// <summary>
/// The calls that our component refuses where the recorded one, which looked at nothing, did not. Most carry etags and tokens that the
/// recorded component had made up, or a body that is no step.
/// </summary>
internal static partial class ExpectedRefusals
{
    private const string NoStep = "OutputBinding/Invoke: INVALID: step is null";

    private static readonly Dictionary<string, string[]> ByScenario = new()
    {
        ["actor-state"] = ["TransactionalStateStore/Transact: INVALID_ETAG"],
        ["binding-output-grpc"] = ["OutputBinding/Invoke: INVALID: step is bytes that are not UTF-8"],
        ["binding-output-http"] =
        [
            "OutputBinding/Invoke: INVALID: consume[0] is the string 't'",
            "OutputBinding/Invoke: INVALID: step is the number 1",
            NoStep,
            "OutputBinding/Invoke: INVALID: step is the string 'text'",
        ],
        ["binding-output-odd"] =
        [
            "OutputBinding/Invoke: INVALID: f is an unknown field",
            "OutputBinding/Invoke: INVALID: step is not JSON (line 1, byte 1)",
            NoStep,
        ],
        ["errors-of-many-calls"] =
        [
            "OutputBinding/Invoke: INVALID: a is an unknown field",
            "OutputBinding/Invoke: INVALID: operation is 'fail'",
            NoStep,
            "PubSub/Publish: INVALID: ttlInSeconds is '-1'",
            "PubSub/Publish: INVALID: ttlInSeconds is 'abc'",
            "QueriableStateStore/Query: NOT_SERVED",
            "StateStore/Set: INVALID_ETAG",
        ],
        ["policy-defaults"] = [NoStep],
        ["policy-outbound-timeout"] = [NoStep],
        ["policy-state-retry"] =
        [
            "StateStore/BulkDelete: INVALID_ETAG",
            "StateStore/BulkSet: INVALID_ETAG",
            "StateStore/Delete: INVALID_ETAG",
            "StateStore/Set: INVALID_ETAG",
            "TransactionalStateStore/Transact: INVALID_ETAG",
        ],
        ["publish-tracing"] = [NoStep],
        ["publish-ttl"] =
        [
            "PubSub/Publish: INVALID: ttlInSeconds is '-1'",
            "PubSub/Publish: INVALID: ttlInSeconds is '0'",
            "PubSub/Publish: INVALID: ttlInSeconds is 'x'",
        ],
        ["publish-ttl-feature"] = ["PubSub/Publish: INVALID: ttlInSeconds is '0'", "PubSub/Publish: INVALID: ttlInSeconds is 'x'"],
        ["sizes"] = ["PubSub/Publish: TOO_LARGE"],
        ["sizes-answers"] = [NoStep],
        ["sizes-body"] = ["PubSub/Publish: TOO_LARGE"],
        ["state-etag-shapes"] = ["StateStore/Set: INVALID_ETAG"],
        ["state-grpc"] = ["StateStore/BulkDelete: INVALID_ETAG", "StateStore/Delete: INVALID_ETAG", "StateStore/Set: INVALID_ETAG"],
        ["state-http"] = ["StateStore/BulkSet: INVALID_ETAG", "StateStore/Delete: INVALID_ETAG", "StateStore/Set: INVALID_ETAG"],
        ["state-query"] = ["QueriableStateStore/Query: NOT_SERVED"],
        ["state-values"] = ["StateStore/Delete: INVALID_ETAG"],
        ["tokens"] = ["OutputBinding/Invoke: INVALID: step is not JSON (line 1, byte 1)", NoStep],
        ["transaction-grpc"] = ["TransactionalStateStore/Transact: INVALID: darq.token is 'tok'"],
        ["transaction-http"] =
        [
            "TransactionalStateStore/Transact: INVALID: darq.token is 'tok'",
            "TransactionalStateStore/Transact: INVALID: metadata darq.ack means nothing to an operation of a state transaction",
            "TransactionalStateStore/Transact: INVALID_ETAG",
        ],
        ["transaction-limits"] = ["TransactionalStateStore/Transact: INVALID_ETAG"],
    };

    public static IReadOnlyList<string> Of(string scenario) => ByScenario.GetValueOrDefault(scenario, []);

    /// <summary>A refusal without the values and the advice in its text.</summary>
    public static string Shorten(string refusal) => Significant().Match(refusal).Value;

    [GeneratedRegex("^[^:]+: (INVALID_ETAG|TOO_LARGE|NOT_SERVED|[^;]+)")]
    private static partial Regex Significant();
}
