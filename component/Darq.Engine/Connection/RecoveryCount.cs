namespace Darq.Engine.Connection;

/// <summary>
/// How many recoveries a primary has had, as its watermark said before a request was sent. Where it says another number
/// afterwards, what the request wrote or read may be lost.
/// </summary>
internal readonly record struct RecoveryCount(int Value);
