using System.Net.Sockets;
using System.Text;
using Darq.Benchmarks.Client;
using Google.Protobuf;

namespace Darq.Benchmarks.Reference;

/// <summary>
/// A socket to Redis and nothing between: commands are written in one packet, and one thread blocks until all of them are answered. The
/// least that a round trip can be, where the load of the component has as little on its side.
/// </summary>
internal sealed class RawRedis : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _network;
    private readonly BufferedStream _answers;
    private readonly MemoryStream _commands = new();
    private int _count;

    public RawRedis(int port)
    {
        _client = new TcpClient("127.0.0.1", port) { NoDelay = true };
        _network = _client.GetStream();
        _answers = new BufferedStream(_network);
    }

    /// <summary>Adds a command to the next exchange.</summary>
    public void Add(string name, params IReadOnlyList<ByteString> arguments)
    {
        Write($"*{arguments.Count + 1}\r\n${name.Length}\r\n{name}\r\n");
        foreach (var argument in arguments)
        {
            Write($"${argument.Length}\r\n");
            argument.WriteTo(_commands);
            Write("\r\n");
        }

        _count++;
    }

    /// <summary>Sends what was added and returns the answer to the last command: null, bytes, a line, or an array of those.</summary>
    public object? Exchange()
    {
        _network.Write(_commands.GetBuffer().AsSpan(0, (int)_commands.Length));
        _commands.SetLength(0);
        object? answer = null;
        for (; _count > 0; _count--)
        {
            answer = Read();
        }

        return answer;
    }

    public void Dispose()
    {
        _answers.Dispose();
        _client.Dispose();
        _commands.Dispose();
    }

    private void Write(string text) => _commands.Write(Encoding.ASCII.GetBytes(text));

    private object? Read()
    {
        var line = ReadLine();
        switch (line[0])
        {
            case '-':
                throw new LoadFailedException($"Redis answered {line}");
            case '$' when Length(line) < 0:
                return null;
            case '$':
                var bytes = new byte[Length(line)];
                _answers.ReadExactly(bytes);
                ReadLine();
                return bytes;
            case '*':
                var items = new object?[Length(line)];
                for (var i = 0; i < items.Length; i++)
                {
                    items[i] = Read();
                }

                return items;
            default:
                return line;
        }
    }

    private string ReadLine()
    {
        var line = new StringBuilder();
        while (_answers.ReadByte() is var next && next != '\n')
        {
            if (next < 0)
            {
                throw new LoadFailedException("Redis closed the connection");
            }

            line.Append((char)next);
        }

        return line.ToString().TrimEnd('\r');
    }

    private static int Length(string line) => int.Parse(line.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
}
