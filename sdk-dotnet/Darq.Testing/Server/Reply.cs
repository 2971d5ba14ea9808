namespace Darq.Testing.Server;

/// <summary>A reply of the fake server. Text is bytes, one char each (Latin-1), so that ordinal order is Redis' order.</summary>
internal abstract record Reply
{
    public static readonly Reply Ok = new Status("OK");
    public static readonly Reply Nothing = new Bulk(null);

    public static implicit operator Reply(long number) => new Integer(number);

    public static implicit operator Reply(string? text) => new Bulk(text);

    public static Reply Of(IEnumerable<Reply> items) => new List([.. items]);

    public static Reply Of(IEnumerable<string?> items) => new List([.. items.Select(item => (Reply)item)]);

    internal sealed record Integer(long Value) : Reply
    {
        public override string ToString() => $"{Value}";
    }

    internal sealed record Bulk(string? Text) : Reply
    {
        public override string ToString() => Text ?? "nothing";
    }

    internal sealed record Status(string Text) : Reply
    {
        public override string ToString() => "+" + Text;
    }

    internal sealed record Error(string Text) : Reply
    {
        public override string ToString() => "-" + Text;
    }

    internal sealed record List(IReadOnlyList<Reply> Items) : Reply
    {
        public override string ToString() => $"[{string.Join(", ", Items)}]";
    }
}

/// <summary>A command answers with an error; the text starts with its code.</summary>
internal sealed class CommandException(string text) : Exception(text);
