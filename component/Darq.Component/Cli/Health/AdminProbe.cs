using System.Net;

namespace Darq.Component.Cli.Health;

/// <summary>One request to an admin endpoint, with a deadline that is shorter than that of the usual health checks.</summary>
internal sealed class AdminProbe(TimeProvider time)
{
    private const int MaxAnswerBytes = 1 << 20;

    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(3);

    public async Task<HealthVerdict> AskAsync(HealthQuestion question, IPEndPoint address, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(AnswersWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        // The environment's proxy is for other hosts.
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { MaxResponseContentBufferSize = MaxAnswerBytes };
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://{address}{question.Path}"), either.Token);
            var body = await answer.Content.ReadAsStringAsync(either.Token);
            return HealthVerdict.Read(question, body)
                ?? HealthVerdict.Unknown(
                    $"what answers at {address} is no admin endpoint of darq (status {(int)answer.StatusCode}); "
                        + $"give {AdminTarget.Option} with the address in the component's log"
                );
        }
        catch (HttpRequestException fault)
        {
            var why = fault.InnerException?.Message ?? fault.Message;
            return HealthVerdict.Unknown(
                $"nobody answers at {address} ({why}); start the component, or give its address with {AdminTarget.Option}"
            );
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return HealthVerdict.Unknown($"no answer from {address} within {AnswersWithin.TotalSeconds} s");
        }
    }
}
