using System.Buffers;
using System.IO.Pipelines;
using Darq.Grpc;
using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// What a payload costs between the transport's buffers and the handler, measured without a transport.
/// </summary>
public sealed class CopyTests
{
    private const int PayloadBytes = 1024 * 1024;
    private const int SmallChangeBytes = 64 * 1024;

    private static readonly byte[] Request = Frames.Of(new Message { Payload = ByteString.CopyFrom(new byte[PayloadBytes]) });

    [Fact]
    public async Task Payload_is_allocated_once_on_its_way_in_and_not_again_on_its_way_out()
    {
        var service = new ConformanceService();
        var server = new GrpcServer([service.Definition], GrpcLimits.Default, TimeProvider.System, NullLoggerFactory.Instance);
        // The first calls fill the pools from which the pipes take their buffers.
        await AllocatedByEchoAsync(server);
        await AllocatedByEchoAsync(server);
        Assert.InRange(await AllocatedByEchoAsync(server), PayloadBytes, PayloadBytes + SmallChangeBytes);
    }

    private static async Task<long> AllocatedByEchoAsync(GrpcServer server)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.Path = "/darq.conformance.Conformance/Echo";
        context.Request.ContentType = "application/grpc";
        var transport = new Transport();
        context.Features.Set<IRequestBodyPipeFeature>(transport);
        context.Features.Set<IHttpResponseBodyFeature>(transport);
        context.Features.Set<IHttpResponseTrailersFeature>(transport);
        var before = GC.GetAllocatedBytesForCurrentThread();
        await server.HandleAsync(context);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal("0", transport.Trailers["grpc-status"]);
        return allocated;
    }

    /// <summary>A request that lies ready in one buffer, and a response that is written into another one.</summary>
    private sealed class Transport : IRequestBodyPipeFeature, IHttpResponseBodyFeature, IHttpResponseTrailersFeature
    {
        // The buffer is there before anything is measured.
        public Transport() => Writer.GetMemory();

        public PipeReader Reader { get; } = PipeReader.Create(new ReadOnlySequence<byte>(Request));

        public PipeWriter Writer { get; } = PipeWriter.Create(new MemoryStream(new byte[2 * PayloadBytes]), new StreamPipeWriterOptions(minimumBufferSize: 2 * PayloadBytes));

        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();

        public Stream Stream => Writer.AsStream();

        public void DisableBuffering()
        {
        }

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task CompleteAsync() => Task.CompletedTask;
    }
}
