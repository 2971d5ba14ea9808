using Darq.Engine.Connection;

namespace Darq.Engine.Publishing;

/// <summary>What a publish is answered, and the recoveries before its request.</summary>
internal readonly record struct PublishAnswer(Published[] Messages, RecoveryCount RecoveriesBefore);
