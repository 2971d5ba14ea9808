using Darq.Engine.Batching;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Unit.Batching;

public sealed class DamageNotesTests
{
    private readonly RecordedLog _log = new();
    private readonly DamageNotes _notes;

    public DamageNotesTests() => _notes = new(_log);

    [Fact]
    public void Each_damaged_key_is_named_once()
    {
        _notes.Note("ERROR DAMAGED key a: it is a string, not a stream");
        _notes.Note("ERROR DAMAGED key a: it is a string, not a stream");
        _notes.Note("ERROR DAMAGED key b: it is a string, not a stream");

        Assert.Equal(2, _log.Lines.Count);
        Assert.All(_log.Lines, line => Assert.Equal(LogLevel.Error, line.Level));
        Assert.Contains("key a: it is a string, not a stream", _log.Lines.First().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_answers_are_nobodys_damage()
    {
        _notes.Note("OK 1-1 1-1");
        _notes.Note("ERROR OOM no memory");

        Assert.Empty(_log.Lines);
    }
}
