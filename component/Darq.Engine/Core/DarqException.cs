namespace Darq.Engine.Core;

/// <summary>A request was refused. The text is for the user: it names the field, the value seen and the form accepted.</summary>
internal sealed class DarqException(ErrorCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public ErrorCode Code { get; } = code;
}
