using Darq.Grpc;
using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Darq.Tests.Shared;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// What a client, and what the log, learns of a handler that throws.
/// </summary>
public sealed class FaultTests
{
    private static readonly byte[] Nothing = Frames.Of(new Keyed());

    [Fact]
    public async Task Unexpected_fault_is_logged_whole_and_told_as_internal_without_its_text()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var client = new WireClient(server.SocketPath);
        var answer = await client.CallAsync("Throw", Nothing);
        Assert.Equal("13", answer.Status);
        Assert.DoesNotContain(ConformanceService.Secret, answer.Message);
        var line = Assert.Single(server.Logs.Lines, line => line.Level == LogLevel.Error);
        Assert.Equal(ConformanceService.Secret, line.Fault!.Message);
    }

    [Fact]
    public async Task Fault_of_the_domain_is_told_as_its_translation_and_is_no_error()
    {
        await using var server = await ConformanceServer.StartAsync(
            translate: fault => fault is InvalidOperationException ? new RpcException(StatusCode.FailedPrecondition, "translated") : null);
        using var client = new WireClient(server.SocketPath);
        var answer = await client.CallAsync("Throw", Nothing);
        Assert.Equal("9", answer.Status);
        Assert.Equal("translated", answer.Message);
        Assert.DoesNotContain(server.Logs.Lines, line => line.Level > LogLevel.Debug);
    }

    [Fact]
    public async Task Call_given_up_by_its_client_is_not_worth_more_than_a_debug_line()
    {
        await using var server = await ConformanceServer.StartAsync();
        using (var raw = new RawConnection(server.SocketPath))
        {
            raw.SendPreface();
            raw.SendRequestHeaders(1, "Wait");
            raw.Send(FrameType.Data, RawConnection.EndStream, 1, Frames.Of(new Keyed { Key = "gone" }));
            await Eventually.TrueAsync(() => server.Service.Calls("gone").Started, TimeSpan.FromSeconds(10), "the handler runs");
        }

        await server.IsUnharmedAsync();
        Assert.Contains(server.Logs.Lines, line => line is { Level: LogLevel.Debug, Text: "/darq.conformance.Conformance/Wait was given up by its client." });
        Assert.DoesNotContain(server.Logs.Lines, line => line.Level > LogLevel.Debug);
    }

    [Fact]
    public async Task Failure_before_any_message_has_no_body_and_its_status_in_the_headers()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var client = new WireClient(server.SocketPath);
        var answer = await client.CallAsync("Fail", Frames.Of(new FailRequest { Code = 5, Message = "50% größer" }));
        Assert.True(answer.IsTrailersOnly);
        Assert.Equal("5", answer.Status);
        Assert.Equal("50%25 gr%C3%B6%C3%9Fer", answer.Message);
    }

    [Fact]
    public async Task Details_repeat_the_code_and_message_of_the_status()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var client = new WireClient(server.SocketPath);
        var answer = await client.CallAsync("Fail", Frames.Of(new FailRequest { Code = 9, Message = "größer", Details = true }));
        var encoded = answer.Value("grpc-status-details-bin")!;
        Assert.DoesNotContain('=', encoded);
        var status = Darq.Grpc.Contract.Status.Parser.ParseFrom(Convert.FromBase64String(encoded.PadRight((encoded.Length + 3) / 4 * 4, '=')));
        Assert.Equal((9, "größer", 2), (status.Code, status.Message, status.Details.Count));
        Assert.Equal("type.googleapis.com/google.rpc.BadRequest", status.Details[0].TypeUrl);
    }

    [Fact]
    public async Task Second_writer_of_a_call_is_refused()
    {
        Exception? refused = null;
        var definition = new ServiceDefinition(ConformanceReflection.Descriptor.Services[0])
            .ServerStreaming<Keyed, Message>("Flood", Keyed.Parser, async (_, responses, call) =>
            {
                var large = new Message { Payload = ByteString.CopyFrom(new byte[1024 * 1024]) };
                var first = responses.WriteAsync(large, call.Cancelled);
                refused = await Record.ExceptionAsync(() => responses.WriteAsync(large, call.Cancelled).AsTask());
                await first;
            });
        await using var server = await ConformanceServer.StartAsync(definition);
        using (var raw = new RawConnection(server.SocketPath))
        {
            raw.SendPreface();
            raw.SendRequestHeaders(1, "Flood");
            raw.Send(FrameType.Data, RawConnection.EndStream, 1, Nothing);
            await Eventually.TrueAsync(() => Volatile.Read(ref refused) is not null, TimeSpan.FromSeconds(10), "the second write ended");
        }

        Assert.IsType<InvalidOperationException>(refused);
    }

    [Fact]
    public async Task Task_that_outlives_its_call_can_neither_write_nor_read()
    {
        IMessageReader<Message>? reader = null;
        IMessageWriter<Message>? writer = null;
        var definition = new ServiceDefinition(ConformanceReflection.Descriptor.Services[0])
            .Duplex<Message, Message>("Converse", Message.Parser, (requests, responses, _) =>
            {
                (reader, writer) = (requests, responses);
                return Task.CompletedTask;
            });
        await using var server = await ConformanceServer.StartAsync(definition);
        using var client = new WireClient(server.SocketPath);
        Assert.Equal("0", (await client.CallAsync("Converse", [])).Status);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writer!.WriteAsync(new Message(), default).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reader!.ReadAsync(default).AsTask());
    }

    [Fact]
    public void Definition_refuses_methods_that_the_service_does_not_have_or_that_stream_otherwise()
    {
        var definition = new ServiceDefinition(ConformanceReflection.Descriptor.Services[0]);
        Assert.Throws<ArgumentException>(() => definition.Unary<Message, Message>("Nothing", Message.Parser, (request, _) => ValueTask.FromResult(request)));
        Assert.Throws<ArgumentException>(() => definition.Unary<Message, Message>("Converse", Message.Parser, (request, _) => ValueTask.FromResult(request)));
    }
}
