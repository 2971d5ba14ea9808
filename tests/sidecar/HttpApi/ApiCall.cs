using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using Darq.Sidecar.Apps;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Microsoft.AspNetCore.Http.Features;

namespace Darq.Sidecar.HttpApi;

/// <summary>
/// One request to the sidecar's API: its path cut and unescaped as daprd does (a plus is a blank, doubled slashes count once), its
/// query's metadata, its body up to the limit, and the few ways to answer.
/// </summary>
internal sealed class ApiCall
{
    private const int MaxBodyBytes = 4 * 1024 * 1024;
    private readonly HttpContext _context;
    private readonly List<KeyValuePair<string, string>> _query = [];

    public ApiCall(HttpContext context)
    {
        _context = context;
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        Path = question < 0 ? target : target[..question];
        Segments = Path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(WebUtility.UrlDecode).ToArray()!;
        if (question >= 0)
        {
            ReadQuery(target[(question + 1)..]);
        }
    }

    public string Method => _context.Request.Method;

    public bool IsWrite => Method is "POST" or "PUT";

    public string Path { get; }

    public string[] Segments { get; }

    public CancellationToken Aborted => _context.RequestAborted;

    public string ContentType => _context.Request.ContentType ?? "";

    /// <summary>The trace of this call; its span is answered in a header.</summary>
    public CallTrace Trace { get; private set; }

    public string? Query(string name) => _query.FirstOrDefault(pair => pair.Key == name).Value;

    /// <summary>The query's <c>metadata.</c> values; of several for one key the first counts.</summary>
    public Dictionary<string, string> Metadata()
    {
        var metadata = new Dictionary<string, string>();
        foreach (var (key, value) in _query)
        {
            if (key.StartsWith("metadata.", StringComparison.Ordinal))
            {
                metadata.TryAdd(key["metadata.".Length..], value);
            }
        }

        return metadata;
    }

    public string? Header(string name) => _context.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    public void SetHeader(string name, string value) => _context.Response.Headers[AppHeaders.Canonical(name)] = value;

    public void RemoveHeader(string name) => _context.Response.Headers.Remove(name);

    /// <summary>Metadata as headers, as Go's server writes them: a name that is none is left out, a line break becomes a blank.</summary>
    public void SetMetadata(IEnumerable<KeyValuePair<string, string>> metadata)
    {
        foreach (var (key, value) in metadata)
        {
            if (AppHeaders.IsName(key))
            {
                SetHeader("metadata." + key, value.Replace('\r', ' ').Replace('\n', ' '));
            }
        }
    }

    /// <summary>Opens this call's span; every answer but those about health shows it.</summary>
    public void StartSpan()
    {
        Trace = CallTrace.Of(Header("traceparent"), Header("tracestate"));
        SetHeader("traceparent", Trace.Span);
        if (Header("baggage") is { Length: > 0 } baggage)
        {
            SetHeader("baggage", baggage);
        }
    }

    /// <summary>The body, or null if it is over the limit; it is read to its end in either case.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadBodyAsync()
    {
        var reader = _context.Request.BodyReader;
        var body = new ArrayBufferWriter<byte>(Math.Clamp((int)(_context.Request.ContentLength ?? 256), 16, MaxBodyBytes));
        while (true)
        {
            var result = await reader.ReadAsync(Aborted);
            foreach (var part in result.Buffer)
            {
                if (body.WrittenCount <= MaxBodyBytes)
                {
                    body.Write(part.Span);
                }
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return body.WrittenCount <= MaxBodyBytes ? body.WrittenMemory : (ReadOnlyMemory<byte>?)null;
            }
        }
    }

    /// <summary>The body as JSON. Throws <see cref="GoJsonException"/> if it is none, or too large.</summary>
    public async Task<JsonDocument> ReadJsonAsync() =>
        GoJson.Parse(await ReadBodyAsync() ?? throw new GoJsonException("stream too large"), decoder: true);

    public Task NoContentAsync()
    {
        _context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    public Task ErrorAsync(ApiError error) => JsonAsync(error.HttpStatus, Encoding.UTF8.GetBytes(error.ToJson()));

    public Task JsonAsync(int status, ReadOnlyMemory<byte> body) => AnswerAsync(status, "application/json", body);

    public async Task AnswerAsync(int status, string contentType, ReadOnlyMemory<byte> body)
    {
        _context.Response.StatusCode = status;
        _context.Response.ContentType = contentType;
        _context.Response.ContentLength = body.Length;
        if (body.Length > 0)
        {
            await _context.Response.BodyWriter.WriteAsync(body, Aborted);
        }
    }

    private void ReadQuery(string text)
    {
        foreach (var part in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (part, "") : (part[..equals], part[(equals + 1)..]);
            _query.Add(new(WebUtility.UrlDecode(name), WebUtility.UrlDecode(value)));
        }
    }
}
