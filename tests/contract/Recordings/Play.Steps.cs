using System.Text.Json.Nodes;
using Darq.Tests.Shared;

namespace Darq.Tests.Contract.Recordings;

internal sealed partial class Play
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(10);

    private Task StepAsync(JsonObject step)
    {
        foreach (var (name, value) in step)
        {
            switch (name)
            {
                case "ready":
                    return _sidecar!.ReadyAsync(() => IsReadyAsync((string)value!), StartTimeout, $"the sidecar answers {value}");
                case "http":
                    return CallAsync((string)value!, step);
                case "grpc":
                    return _grpc.CallAsync((string)value!, step["message"] as JsonObject ?? [], step["metadata"] as JsonObject ?? []);
                case "subscribe":
                    return _streaming.SubscribeAsync((string)value!, step);
                case "answer":
                    return _streaming.SendAsync((string)value!, step["message"]!.AsObject());
                case "unsubscribe":
                    return _streaming.UnsubscribeAsync((string)value!, (string?)step["how"] ?? "cancel");
                case "push":
                    return _component.PushAsync((string)value!, step["messages"]!.AsArray().Select(message => message!.AsObject()));
                case "end":
                    return _component.EndAsync((string)value!);
                case "wait":
                    return WaitAsync(value!, (int?)step["count"] ?? 1, TimeSpan.FromSeconds((int?)step["seconds"] ?? 15));
                case "settle":
                    return Eventually.TrueAsync(
                        () => _transcript.Quiet.TotalMilliseconds >= (int)value!,
                        SettleTimeout,
                        "nobody says anything more"
                    );
                case "log":
                    return _sidecar!.ReadyAsync(() => Task.FromResult(HasLogged((string)value!)), SettleTimeout, $"the log has: {value}");
                case "sleep":
                    // Part of what was recorded: the sidecar must do, or not do, something by itself meanwhile.
                    return Task.Delay((int)value!);
                case "component":
                    return (string)value! == "start" ? _component.StartAsync() : _component.StopAsync();
                case "app":
                    return (string)value! == "start" ? _app!.StartAsync() : _app!.StopAsync();
                case "signal":
                    _sidecar!.Signal(Enum.Parse<Signal>((string)value!, ignoreCase: true));
                    return Task.CompletedTask;
                case "sidecar":
                    return SidecarAsync((string)value!, TimeSpan.FromSeconds((int?)step["seconds"] ?? 30));
            }
        }
        throw new NotSupportedException($"the step {step.ToJsonString()} of {_scenario.Name} is not understood");
    }

    private bool HasLogged(string text) => _sidecar!.Output.All.Any(line => line.Contains(text, StringComparison.Ordinal));

    private async Task<bool> IsReadyAsync(string path)
    {
        try
        {
            using var answer = await _driver.GetAsync(Address(path));
            return (int)answer.StatusCode is 200 or 204;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Task WaitAsync(JsonNode wanted, int count, TimeSpan timeout) =>
        _sidecar!.ReadyAsync(
            () => Task.FromResult(_transcript.Count(wanted) >= count),
            timeout,
            $"this was said {count} times: {wanted.ToJsonString()}"
        );

    private async Task SidecarAsync(string what, TimeSpan timeout)
    {
        if (what == "running")
        {
            // The scenarios that ask expect it to have ended; on a busy machine that takes longer than it took when it was recorded.
            await Task.WhenAny(_sidecar!.WaitForExitAsync(Timeout.InfiniteTimeSpan), Task.Delay(EndTimeout));
            _transcript.Say("sidecar", "driver", "running", ("running", !_sidecar.HasExited));
            return;
        }
        if (what == "terminate")
        {
            _sidecar!.Signal(Signal.Term);
        }

        _transcript.Say("sidecar", "driver", "exit", ("code", await _sidecar!.WaitForExitAsync(timeout)));
    }

    private Uri Address(string path) =>
        new($"http://127.0.0.1:{_httpPort}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private async Task CallAsync(string call, JsonObject step)
    {
        var parts = call.Split(' ', 2);
        var body = RecordedText.OfBody(step["body"]);
        var headers = step["headers"] as JsonObject ?? (body is null ? [] : new() { ["content-type"] = "application/json" });
        _transcript.Say("driver", "sidecar", call, ("headers", headers.DeepClone()), ("body", body));
        using var request = new HttpRequestMessage(new(parts[0]), Address(parts[1]));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body));
        }

        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, (string?)value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (string?)value);
            }
        }

        using var answer = await _driver.SendAsync(request);
        var content = RecordedText.OfBytes(await answer.Content.ReadAsByteArrayAsync());
        if ((bool?)step["loose"] ?? false)
        {
            content = "<not compared>";
        }

        _transcript.Say("sidecar", "driver", call, ("status", (int)answer.StatusCode), ("headers", HeadersOf(answer)), ("body", content));
    }

    private static JsonObject HeadersOf(HttpResponseMessage answer) =>
        RecordedHeaders.Of(
            answer
                .Headers.NonValidated.Concat(answer.Content.Headers.NonValidated)
                .Select(header => KeyValuePair.Create(header.Key, header.Value.ToString()))
        );
}
