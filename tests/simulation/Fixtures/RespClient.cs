using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Darq.Testing.Server;

namespace Darq.Tests.Simulation.Fixtures;

/// <summary>A client of a real server that keeps replies exactly as they came, to compare the fake with.</summary>
internal sealed class RespClient : IDisposable
{
    private readonly TcpClient _client = new();
    private readonly BufferedStream _stream;

    public RespClient(int port)
    {
        _client.Connect("127.0.0.1", port);
        _stream = new BufferedStream(_client.GetStream());
    }

    public Reply Call(params string[] words)
    {
        Write($"*{words.Length}\r\n");
        foreach (var word in words)
        {
            Write($"${word.Length}\r\n{word}\r\n");
        }

        _stream.Flush();
        return Read();
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }

    private void Write(string text) => _stream.Write(Encoding.Latin1.GetBytes(text));

    private Reply Read()
    {
        var line = Line();
        var rest = line[1..];
        return line[0] switch
        {
            '+' => new Reply.Status(rest),
            '-' => new Reply.Error(rest),
            ':' => Number(rest),
            '$' => rest == "-1" ? Reply.Nothing : Bulk((int)Number(rest)),
            '*' => rest == "-1" ? Reply.Nothing : Reply.Of(Enumerable.Range(0, (int)Number(rest)).Select(_ => Read())),
            _ => throw new InvalidDataException(line),
        };
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private string Bulk(int length)
    {
        var bytes = new byte[length + 2];
        _stream.ReadExactly(bytes);
        return Encoding.Latin1.GetString(bytes, 0, length);
    }

    private string Line()
    {
        var text = new StringBuilder();
        for (var next = _stream.ReadByte(); next != '\n'; next = _stream.ReadByte())
        {
            text.Append(next >= 0 ? (char)next : throw new EndOfStreamException());
        }

        return text.ToString(0, text.Length - 1);
    }
}
