using Darq.Component.Configuration;
using Darq.Engine.Core;
using Grpc.Core;

namespace Darq.Component.Telemetry;

/// <summary>Log messages of the host: event ids 200-299. No payloads, no secrets.</summary>
internal static partial class HostLog
{
    [LoggerMessage(200, LogLevel.Information, "Listening on {Socket} (mode {Mode}, {Owner}) with {Services}")]
    public static partial void ComponentStarted(this ILogger log, string socket, string mode, string owner, string services);

    [LoggerMessage(201, LogLevel.Information, "Initialised {Service} '{Instance}' of {Sidecar} in namespace {Namespace}; {Redis}")]
    public static partial void InstanceWasInitialised(
        this ILogger log,
        ComponentService service,
        string instance,
        string sidecar,
        string @namespace,
        string redis
    );

    [LoggerMessage(202, LogLevel.Information, "Brought back {Service} '{Instance}' of {Sidecar} from its Init before the restart")]
    public static partial void InstanceWasRevived(this ILogger log, ComponentService service, string instance, string sidecar);

    [LoggerMessage(203, LogLevel.Information, "Settings of {Service} '{Instance}' without effect here: {Settings}")]
    public static partial void SettingsHaveNoEffect(this ILogger log, ComponentService service, string instance, string settings);

    [LoggerMessage(204, LogLevel.Warning, "Setting of {Service} '{Instance}': {Warning}")]
    public static partial void SettingIsDoubtful(this ILogger log, ComponentService service, string instance, string warning);

    [LoggerMessage(
        205,
        LogLevel.Warning,
        "Init of {Service} '{Instance}' could not be saved in {Folder} ({Why}): after a restart of the component its calls "
            + "fail until the sidecar restarts too"
    )]
    public static partial void InitWasNotKept(this ILogger log, ComponentService service, string instance, string folder, string why);

    [LoggerMessage(
        206,
        LogLevel.Warning,
        "This component was restarted under a running sidecar or after one: {Instances}. If that sidecar still runs, its "
            + "subscriptions and input bindings come back only when it restarts; all other calls go on"
    )]
    public static partial void SubscriptionsWaitForSidecar(this ILogger log, string instances);

    [LoggerMessage(
        207,
        LogLevel.Warning,
        "Delivery {Token} of topic '{Topic}' was not sent, because it has {Bytes} bytes and would end the sidecar's stream; it "
            + "counts as failed"
    )]
    public static partial void DeliveryWasTooLarge(this ILogger log, string token, string topic, int bytes);

    [LoggerMessage(208, LogLevel.Warning, "Stream of group '{Group}' on topic '{Topic}' was refused: {Why}")]
    public static partial void StreamWasRefused(this ILogger log, string? group, string topic, string why);

    [LoggerMessage(
        209,
        LogLevel.Warning,
        "The step that an app answered to binding '{Instance}' did not take effect, so message {Message} of topic '{Topic}' comes again: "
            + "{Why}"
    )]
    public static partial void StepAnswerWasRefused(this ILogger log, string instance, string? topic, string message, string why);

    [LoggerMessage(210, LogLevel.Debug, "Stream of group '{Group}' on topic '{Topic}' was opened")]
    public static partial void StreamWasOpened(this ILogger log, string? group, string topic);

    [LoggerMessage(211, LogLevel.Debug, "Stream of group '{Group}' on topic '{Topic}' was closed")]
    public static partial void StreamWasClosed(this ILogger log, string? group, string topic);

    [LoggerMessage(
        212,
        LogLevel.Error,
        "A step that an app answered to binding '{Instance}' failed for a fault inside the component; its message comes again"
    )]
    public static partial void StepAnswerFailed(this ILogger log, string instance, Exception fault);

    [LoggerMessage(
        213,
        LogLevel.Warning,
        "Binding '{Instance}' reads nothing, because no topic is set; set topic, or direction: output if it is not meant to read"
    )]
    public static partial void BindingReadsNothing(this ILogger log, string instance);

    [LoggerMessage(214, LogLevel.Critical, "The component does not start: {Why}")]
    public static partial void ComponentDidNotStart(this ILogger log, string why);

    [LoggerMessage(215, LogLevel.Information, "Stopping: streams are closed first, calls finish, Redis is disconnected last")]
    public static partial void ComponentStops(this ILogger log);

    [LoggerMessage(216, LogLevel.Error, "{Method} failed with an unexpected fault.")]
    public static partial void CallFailed(this ILogger log, string method, Exception fault);

    [LoggerMessage(217, LogLevel.Debug, "{Method} ended with {Code}: {Reason}")]
    public static partial void CallWasRefused(this ILogger log, string method, StatusCode code, string reason);

    [LoggerMessage(218, LogLevel.Debug, "{Method} was given up by its client or ended by its deadline.")]
    public static partial void CallWasGivenUp(this ILogger log, string method);

    [LoggerMessage(219, LogLevel.Information, "The sidecar with process {Process} has ended; removed {Instances}")]
    public static partial void SidecarHasEnded(this ILogger log, int process, string instances);

    [LoggerMessage(223, LogLevel.Information, "Admin endpoint on http://{Address}: /healthz, /readyz, /metrics")]
    public static partial void AdminEndpointStarted(this ILogger log, string address);

    [LoggerMessage(
        220,
        LogLevel.Warning,
        "The Init of {Service} '{Instance}' that an older version kept does not say whose it is, and was removed. If its sidecar still "
            + "runs, restart it: it sends Init"
    )]
    public static partial void OlderRecordWasRemoved(this ILogger log, ComponentService service, string instance);

    [LoggerMessage(221, LogLevel.Warning, "A kept Init that nobody needs any more could not be removed from {Folder}: {Why}")]
    public static partial void RecordsWereNotRemoved(this ILogger log, string folder, string why);

    [LoggerMessage(
        222,
        LogLevel.Warning,
        "Instances on namespace {Namespace} in Redis {Address} differ in dialTimeout or callTimeout, and share a connection: dialTimeout "
            + "{Dial} and callTimeout {Call} hold for all of them, until the last one that uses it has ended"
    )]
    public static partial void TimeoutsAreShared(this ILogger log, string @namespace, string address, TimeSpan dial, TimeSpan call);

    [LoggerMessage(
        232,
        LogLevel.Warning,
        "Instances on namespace {Namespace} in Redis {Address} name different levels of durability, and share what waits for it: durability "
            + "{Level} holds for all of them, until the last one that uses it has ended; another one names {Other}"
    )]
    public static partial void DurabilityIsShared(
        this ILogger log,
        string @namespace,
        string address,
        DurabilityLevel level,
        DurabilityLevel other
    );

    [LoggerMessage(
        224,
        LogLevel.Warning,
        "There is no admin endpoint on {Address} ({Why}); all else works. Set DARQ_ADMIN_ADDRESS to another address, to one with port 0 "
            + "for any free port, or to off"
    )]
    public static partial void AdminEndpointIsOff(this ILogger log, string address, string why);

    [LoggerMessage(
        225,
        LogLevel.Warning,
        "Streams of {Service} '{Instance}' could not be noted beside its Init ({Why}): after a restart of the component readiness will not "
            + "say that they are lost"
    )]
    public static partial void StreamsWereNotKept(this ILogger log, ComponentService service, string instance, string why);

    [LoggerMessage(226, LogLevel.Information, "Metrics go to the collector that {Variable} names")]
    public static partial void MetricsArePushed(this ILogger log, string variable);

    [LoggerMessage(
        227,
        LogLevel.Information,
        "The step that an app answered to binding '{Instance}' met other values than it had read, so message {Message} of topic '{Topic}' "
            + "comes again: {Keys}"
    )]
    public static partial void StepAnswerConflicted(this ILogger log, string instance, string? topic, string message, string keys);

    [LoggerMessage(
        228,
        LogLevel.Error,
        "The socket {Socket} {Fate} while this component runs: connected sidecars go on, and those that start from now on do not find it. "
            + "Restart the component"
    )]
    public static partial void SocketWasLost(this ILogger log, string socket, string fate);

    [LoggerMessage(
        229,
        LogLevel.Warning,
        "Since this component restarted the sidecar has opened its streams no more, so it was asked to shut down at {Address} "
            + "(restartSidecar); what runs it has to start it again"
    )]
    public static partial void SidecarWasAskedToShutDown(this ILogger log, Uri address);

    [LoggerMessage(
        230,
        LogLevel.Error,
        "The sidecar, whose streams are lost, could not be asked at {Address} to shut down ({Why}); it is asked again. Check restartSidecar, "
            + "and DAPR_API_TOKEN in the component's environment where its API asks for a token"
    )]
    public static partial void SidecarCouldNotBeAsked(this ILogger log, Uri address, string why);

    [LoggerMessage(
        231,
        LogLevel.Warning,
        "A bulk get of '{Instance}' found {Values} values whose keys begin with '{Prefix}' and that have {Bytes} bytes together: the sidecar "
            + "takes at most {Max} in one answer, so it fails until they are fewer. A workflow with such a history is stuck; let it continue "
            + "as new before it is that long"
    )]
    public static partial void BulkGetWasTooLarge(this ILogger log, string instance, int values, string prefix, int bytes, int max);
}
