using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Darq.AspNetCore.Messages;

/// <summary>Reads a request's body whole, up to a limit.</summary>
internal static class MessageBody
{
    private const int ChunkBytes = 16 * 1024;

    /// <exception cref="UnfitMessageException">The body is over the limit.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            throw TooLarge(maxBytes);
        }

        // The middleware that unwraps events replaces the body and not the reader, so the stream is what counts.
        var body = new ArrayBufferWriter<byte>((int)(request.ContentLength ?? ChunkBytes) + 1);
        while (true)
        {
            var read = await request.Body.ReadAsync(body.GetMemory(ChunkBytes), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return body.WrittenMemory;
            }

            body.Advance(read);
            if (body.WrittenCount > maxBytes)
            {
                throw TooLarge(maxBytes);
            }
        }
    }

    private static UnfitMessageException TooLarge(int maxBytes) =>
        new($"it is larger than {nameof(DarqOptions.MaxMessageBytes)}, {maxBytes:N0} bytes");
}

/// <summary>A message that no handler can be given. The text says why, never what is in it, and a cause's text might.</summary>
internal sealed class UnfitMessageException(string message) : Exception(message);
