namespace Darq.Component.Cli.Output;

/// <summary>Says on a terminal how far a long look has come; silent before two seconds, and where nobody watches.</summary>
internal sealed class Progress(TextWriter? terminal, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly long _begun = time.GetTimestamp();
    private long _shown;
    private int _width;

    public void Show(string text)
    {
        if (terminal is null || time.GetElapsedTime(_begun) < Silence || _shown != 0 && time.GetElapsedTime(_shown) < Pause)
        {
            return;
        }

        _shown = time.GetTimestamp();
        terminal.Write($"\r{text.PadRight(_width)}");
        _width = text.Length;
    }

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        if (_width > 0)
        {
            terminal?.Write($"\r{new string(' ', _width)}\r");
            _width = 0;
        }
    }
}
