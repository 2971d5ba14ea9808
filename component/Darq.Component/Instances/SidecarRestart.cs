using Darq.Component.Configuration;
using Darq.Component.Telemetry;
using Darq.Engine.Telemetry;

namespace Darq.Component.Instances;

/// <summary>
/// Asks sidecars to shut down whose streams were lost when this component restarted, where <c>restartSidecar</c> says at which address:
/// no sidecar opens a stream twice, and whatever runs it starts it again. First after <see cref="Grace"/>, in which its streams may come
/// after all, then every <see cref="Pause"/> until they are there or the sidecar has ended.
/// </summary>
internal sealed class SidecarRestart(StreamRegister streams, Secrets secrets, TimeProvider time, ILogger<SidecarRestart> log)
    : IAsyncDisposable
{
    /// <summary>The variable with the token that the API asks for, as a sidecar has it.</summary>
    private const string ApiToken = "DAPR_API_TOKEN";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(5);

    private readonly List<(InitRecord Record, Uri Address)> _waiting = [];

    // Only where somebody may have to be asked.
    private HttpClient? _client;
    private SupervisedLoop? _asking;
    private bool _hasWaited;

    /// <summary>Takes in what was kept before a restart; to be called once.</summary>
    public void Begin(IEnumerable<InitRecord> records)
    {
        foreach (var record in records)
        {
            var values = SettingValues.Read(SettingTable.Of(record.Service), record.Properties);
            if (AddressOf(values.Get(DeliverySettings.RestartSidecar)) is { } address)
            {
                _waiting.Add((record, address));
            }
        }

        if (_waiting.Count > 0)
        {
            _client = new();
            _asking = new("sidecar-restart", AskAsync, time, log);
            _asking.Start();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_asking is not null)
        {
            await _asking.DisposeAsync();
        }

        _client?.Dispose();
    }

    private static Uri? AddressOf(string value) =>
        value.Equals(DeliverySettings.Off, StringComparison.OrdinalIgnoreCase) ? null : new Uri(new Uri(value), "/v1.0/shutdown");

    private async Task<TimeSpan> AskAsync(CancellationToken cancellation)
    {
        if (!_hasWaited)
        {
            _hasWaited = true;
            return Grace;
        }

        _waiting.RemoveAll(waiting => !streams.IsLostByRestart(waiting.Record));
        foreach (var address in _waiting.Select(waiting => waiting.Address).Distinct())
        {
            await AskAsync(address, cancellation);
        }

        return _waiting.Count > 0 ? Pause : Timeout.InfiniteTimeSpan;
    }

    private async Task AskAsync(Uri address, CancellationToken cancellation)
    {
        try
        {
            using var deadline = new CancellationTokenSource(AnswersWithin, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
            using var request = new HttpRequestMessage(HttpMethod.Post, address);
            if (secrets.Find(ApiToken) is { } token)
            {
                request.Headers.Add("dapr-api-token", token);
            }

            using var answer = await _client!.SendAsync(request, either.Token);
            answer.EnsureSuccessStatusCode();
            log.SidecarWasAskedToShutDown(address);
        }
        catch (Exception fault)
            when (fault is HttpRequestException or IOException or UnauthorizedAccessException
                || fault is OperationCanceledException && !cancellation.IsCancellationRequested
            )
        {
            log.SidecarCouldNotBeAsked(address, fault is OperationCanceledException ? "no answer in time" : fault.Message);
        }
    }
}
